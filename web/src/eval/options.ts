/** The command line of the evaluation. */
import { parseArgs } from 'node:util';
import type { Precision } from '../engine/protocol.js';
import { DocsiftError } from '../errors.js';
import type { QueryOptions } from '../types.js';
import { findPairs } from './dataset.js';

export const USAGE = `usage: eval [sets…] [options]

A set is a BEIR folder (corpus.jsonl, queries.jsonl, qrels), or corpus.jsonl:queries.jsonl.

  --corpora FOLDER --judged FOLDER   every <name>.jsonl that has judged queries in <name>[.dev].jsonl
  --first N              only the first N queries of each set
  --option NAME=VALUE    an option of query, such as retrieve=100; may come again
  --sweep NAME=A,B,…     one run for each value of an option of query: quality against time, compared with the first
  --cache-scores         score a pair once, not for every value of a sweep: quality without times
  --precision P          int8 (default) or f32
  --workers N            worker threads
  --models FOLDER        the folder of manifest.json
  --rerankers ID,…       rerankers of the manifest; several are compared, as the values of a sweep are
  --least N              leave out slices of fewer queries (default 10; 20 for --baseline)
  --json FILE            write the whole report, with texts
  --results NAME         write NAME.md, NAME.json and NAME.svg: numbers and ids, no text of queries or documents
  --baseline FILE        fail when the whole, or any slice, falls more than the tolerance below it
  --tolerance SHARE      default 0.02
  --save-baseline FILE   write one
  --calibration          how far the probabilities of results are to be trusted; queries of the other sets have no answer
  --foreign N            so many of these for each set (default 30)
  --compare int8,f32     how far logits of one precision are from those of the other
  --reference FILE       … and from these logits: JSON lines {set, id, logits}
  --export-pairs FILE    write what has to be scored for that: JSON lines {set, id, query, inputs}
`;

export interface Arguments {
  help: boolean;
  sets: string[];
  first: number;
  query: QueryOptions;
  sweep: { name: string; values: unknown[] } | undefined;
  system: {
    precision: Precision | undefined;
    workers: number | undefined;
    modelBaseUrl: string | undefined;
    cacheScores: boolean | undefined;
    reranker: string | undefined;
  };
  /** To be compared: two and more, or none. */
  rerankers: string[];
  /** Whether probabilities are measured, and with how many queries that have no answer, for each set. */
  calibration: { foreign: number } | undefined;
  /** Queries that a slice needs; `undefined` where the command line does not say. */
  least: number | undefined;
  tolerance: number;
  files: Partial<Record<(typeof FILES)[number], string>>;
  compare: Precision[] | undefined;
}

const FILES = ['json', 'results', 'baseline', 'save-baseline', 'reference', 'export-pairs'] as const;
const text = { type: 'string' } as const;
const DEFAULT_FOREIGN = 30;

/** Throws `invalid_options` where the line cannot be understood. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const { corpora, judged } = values;
  if ((corpora === undefined) !== (judged === undefined)) fail('--corpora and --judged belong together');
  const pairs = corpora !== undefined && judged !== undefined ? findPairs(corpora, judged) : [];
  const sets = [...positionals, ...pairs];
  const number = (name: 'first' | 'least' | 'workers' | 'foreign') => {
    const value = values[name];
    if (value === undefined) return undefined;
    if (!/^[1-9]\d*$/.test(value)) fail(`--${name}: expected a whole number of at least 1, found "${value}"`);
    return Number(value);
  };
  const tolerance = Number(values.tolerance ?? 0.02);
  if (!(tolerance >= 0 && tolerance < 1)) fail('--tolerance: expected a share, such as 0.02');
  const rerankers = values.rerankers?.split(',') ?? [];
  if (rerankers.includes('')) fail('--rerankers: expected ids of the manifest, with commas between them');
  const compares = rerankers.length > 1;
  if (compares && (values.sweep !== undefined || values.calibration))
    fail('--rerankers: expected one id with --sweep or --calibration');
  const pair = values.compare?.split(',').map(precisionOf);
  return {
    help: values.help ?? false,
    sets,
    first: number('first') ?? Number.POSITIVE_INFINITY,
    query: Object.fromEntries((values.option ?? []).map((option) => assignment('--option', option))),
    sweep: values.sweep === undefined ? undefined : sweepOf(values.sweep),
    system: {
      precision: values.precision === undefined ? pair?.[0] : precisionOf(values.precision),
      workers: number('workers'),
      modelBaseUrl: values.models,
      cacheScores: values['cache-scores'],
      reranker: rerankers[0],
    },
    rerankers: compares ? rerankers : [],
    calibration: values.calibration ? { foreign: number('foreign') ?? DEFAULT_FOREIGN } : undefined,
    least: number('least'),
    tolerance,
    files: Object.fromEntries(FILES.flatMap((name) => (values[name] ? [[name, values[name]]] : []))),
    compare: pair,
  };
}

function parse(args: readonly string[]) {
  const names = [
    'corpora',
    'judged',
    'first',
    'sweep',
    'precision',
    'workers',
    'models',
    'rerankers',
    'least',
    'foreign',
  ] as const;
  const more = ['tolerance', 'compare', ...FILES] as const;
  const options = {
    ...(Object.fromEntries([...names, ...more].map((name) => [name, text])) as Record<
      (typeof names)[number] | (typeof more)[number],
      typeof text
    >),
    option: { type: 'string', multiple: true },
    'cache-scores': { type: 'boolean' },
    calibration: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (thrown) {
    return fail((thrown as Error).message);
  }
}

function sweepOf(sweep: string): { name: string; values: unknown[] } {
  const [name, list] = sweep.split('=');
  if (!name || !list) fail('--sweep: expected NAME=A,B,…');
  return { name: name as string, values: (list as string).split(',').map(jsonOr) };
}

function assignment(flag: string, option: string): [string, unknown] {
  const [name, value] = option.split(/=(.*)/s);
  if (!name || value === undefined) return fail(`${flag}: expected NAME=VALUE, found "${option}"`);
  return [name, jsonOr(value)];
}

/** Numbers, `true`, `false` and objects as JSON reads them; anything else is text. */
function jsonOr(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function precisionOf(value: string): Precision {
  if (value === 'int8' || value === 'f32') return value;
  return fail(`expected "int8" or "f32", found "${value}"`);
}

function fail(message: string): never {
  throw new DocsiftError('invalid_options', message);
}
