/** The evaluation as a command. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { QueryOptions } from '../types.js';
import { compare, readBaseline, writeBaseline } from './baseline.js';
import { calibrationToMarkdown, calibrationToText, toCalibrationReport } from './calibration.js';
import { toChart } from './chart.js';
import { type Dataset, readDataset } from './dataset.js';
import { evaluate, type SetResult } from './evaluate.js';
import { type Candidates, compareLogits, type Fidelity, readLogits, scoreWith, toPairs } from './fidelity.js';
import { sweepCells, sweepToMarkdown, toMarkdown, toPublished } from './markdown.js';
import { type Arguments, readArguments, USAGE } from './options.js';
import { comparePeers, type PeerRanking, type PeerReport } from './peers.js';
import { type Report, toReport } from './report.js';
import { foreignQueries, type ShownSet, showSet } from './shown.js';
import { toSweep } from './sweep.js';
import type { SystemOptions } from './system.js';
import { align, fidelityTable, peersTable, toTable } from './table.js';

/** Where the command prints, and what it may keep between runs. */
export interface Surroundings {
  /** What is evaluated where the arguments name no set. */
  defaultSets?: readonly string[];
  print: (text: string) => void;
  /** Told what is being done, many times a second. */
  progress: (text: string) => void;
  /** An index of these documents from an earlier run, and where to keep this one. */
  keep?: (dataset: Dataset, options: SystemOptions) => Promise<SystemOptions['keep']>;
  /** The results of a set from an earlier run that was the same, if any, and where to keep these. */
  results?: (dataset: Dataset, options: SystemOptions, variants: readonly QueryOptions[]) => KeptResults;
  /** What other searches find. */
  peers?: (dataset: Dataset, progress: (text: string) => void) => Promise<PeerRanking[]>;
}

export interface KeptResults {
  found: SetResult[] | undefined;
  save: (results: SetResult[]) => void;
}

/** Runs the command; resolves with its exit code. Rejects with a `DocsiftError` where it cannot be carried out. */
export async function main(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const parsed = readArguments(args);
  const sets = parsed.sets.length > 0 ? parsed.sets : (surroundings.defaultSets ?? []);
  if (parsed.help || sets.length === 0) {
    surroundings.print(USAGE);
    return parsed.help ? 0 : 2;
  }
  const datasets = sets.map(readDataset).map((set) => firstOf(set, parsed.first));
  if (parsed.calibration) return measureCalibration(datasets, parsed, surroundings);
  const results = await evaluateAll(datasets, parsed, surroundings);
  const report = toReport(results[0] as SetResult[], { ...parsed.system, ...parsed.query });
  const compared = comparedIn(parsed);
  if (compared) return finishSweep(compared, results, report, parsed, surroundings);
  if (surroundings.peers) report.peers = await askPeers(datasets, results[0] as SetResult[], surroundings);
  const candidates = (results[0] as SetResult[]).flatMap((set) => set.candidates);
  if (parsed.files['export-pairs']) write(parsed.files['export-pairs'], toPairs(candidates));
  const fidelity = await measureFidelity(candidates, parsed, surroundings);
  if (fidelity.length > 0) report.fidelity = fidelity;
  return finish(report, parsed, surroundings);
}

async function measureCalibration(
  datasets: readonly Dataset[],
  { calibration, system, query, files }: Arguments,
  { print, progress, keep }: Surroundings,
): Promise<number> {
  const { foreign } = calibration as NonNullable<typeof calibration>;
  const sets: ShownSet[] = [];
  for (const [i, dataset] of datasets.entries()) {
    const options = { ...system, keep: await keep?.(dataset, system) };
    const others = foreignQueries(datasets, i, foreign);
    const tell = (text: string) => progress(`${dataset.name}: ${text}`);
    sets.push(await showSet(dataset, others, options, query, tell));
  }
  const report = toCalibrationReport(sets);
  print(calibrationToText(report));
  if (files.json) write(files.json, `${JSON.stringify({ report, sets }, null, 1)}\n`);
  if (files.results) {
    write(`${files.results}.json`, `${JSON.stringify(report, null, 1)}\n`);
    write(`${files.results}.md`, calibrationToMarkdown(report));
  }
  return 0;
}

async function askPeers(
  datasets: readonly Dataset[],
  results: readonly SetResult[],
  { peers, progress }: Surroundings,
): Promise<PeerReport[]> {
  const found: PeerRanking[][] = [];
  for (const dataset of datasets)
    found.push((await peers?.(dataset, (text) => progress(`${dataset.name}: ${text}`))) ?? []);
  return comparePeers(datasets, results, found);
}

/** What a sweep or several rerankers are compared in. */
function comparedIn({ sweep, rerankers }: Arguments): Arguments['sweep'] {
  return rerankers.length > 0 ? { name: 'reranker', values: rerankers } : sweep;
}

/** Results of all sets, by what is compared: one row where nothing is. */
async function evaluateAll(
  datasets: readonly Dataset[],
  { system, query, sweep, rerankers }: Arguments,
  surroundings: Surroundings,
): Promise<SetResult[][]> {
  if (rerankers.length === 0) {
    const variants = sweep ? sweep.values.map((value) => ({ ...query, [sweep.name]: value })) : [query];
    return evaluateVariants(datasets, system, variants, surroundings);
  }
  const results: SetResult[][] = [];
  for (const reranker of rerankers) {
    const progress = (text: string) => surroundings.progress(`${reranker}: ${text}`);
    const around = { ...surroundings, progress };
    results.push(...(await evaluateVariants(datasets, { ...system, reranker }, [query], around)));
  }
  return results;
}

/** Results of all sets, by variant. */
async function evaluateVariants(
  datasets: readonly Dataset[],
  system: SystemOptions,
  variants: readonly QueryOptions[],
  surroundings: Surroundings,
): Promise<SetResult[][]> {
  const results: SetResult[][] = variants.map(() => []);
  for (const [i, dataset] of datasets.entries()) {
    const place = datasets.length > 1 ? ` (${i + 1} of ${datasets.length})` : '';
    const progress = (text: string) => surroundings.progress(`${dataset.name}${place}: ${text}`);
    const kept = surroundings.results?.(dataset, system, variants);
    let found = kept?.found;
    if (!found) {
      const options = { ...system, keep: await surroundings.keep?.(dataset, system) };
      found = await evaluate(dataset, options, variants, progress);
      kept?.save(found);
    }
    found.forEach((result, variant) => {
      results[variant]?.push(result);
    });
  }
  return results;
}

function finish(report: Report, { files, least, tolerance }: Arguments, { print }: Surroundings): number {
  print(toTable(report, least ?? 10));
  if (report.peers) print(peersTable(report));
  if (report.fidelity) print(fidelityTable(report.fidelity));
  if (files.json) write(files.json, `${JSON.stringify(report, null, 1)}\n`);
  if (files.results) {
    write(`${files.results}.json`, `${JSON.stringify(toPublished(report, least ?? 10), null, 1)}\n`);
    write(`${files.results}.md`, toMarkdown(report, least ?? 10));
    write(`${files.results}.svg`, toChart(report));
  }
  if (files['save-baseline']) writeBaseline(files['save-baseline'], report);
  if (!files.baseline) return 0;
  const falls = compare(report, readBaseline(files.baseline), tolerance, least ?? 20);
  for (const { group, stage, metric, before, now } of falls)
    print(`✗ ${group}, ${stage}: ${metric} fell from ${before.toFixed(3)} to ${now.toFixed(3)}`);
  if (falls.length === 0) print(`✓ nothing fell more than ${tolerance * 100} % below ${files.baseline}`);
  return falls.length === 0 ? 0 : 1;
}

function finishSweep(
  { name, values }: NonNullable<Arguments['sweep']>,
  results: readonly (readonly SetResult[])[],
  report: Report,
  { system, files }: Arguments,
  { print }: Surroundings,
): number {
  const rows = toSweep(values, results, !system.cacheScores);
  print(align(sweepCells(name, rows)));
  if (files.json) write(files.json, `${JSON.stringify(rows, null, 1)}\n`);
  if (files.results) write(`${files.results}.md`, sweepToMarkdown(name, rows, report));
  return 0;
}

/** Of all candidates, then of each set's; nothing where no comparison was asked for. */
async function measureFidelity(
  candidates: readonly Candidates[],
  { system, compare: pair, files }: Arguments,
  { progress }: Surroundings,
): Promise<[name: string, Fidelity][]> {
  const own = system.precision ?? 'int8';
  const found = candidates.map(({ logits }) => logits);
  const reference = files.reference ? readLogits(files.reference, candidates) : undefined;
  const rows: [string, Fidelity][] = [];
  const add = (name: string, logits: number[][], against: number[][]) => {
    rows.push([name, compareLogits(candidates, logits, against)]);
    const sets = [...new Set(candidates.map(({ set }) => set))];
    for (const set of sets.length > 1 ? sets : []) {
      const of = <T>(all: readonly T[]) => all.filter((_, i) => candidates[i]?.set === set);
      rows.push([`${name}, ${set}`, compareLogits(of(candidates), of(logits), of(against))]);
    }
  };
  if (reference) add(`${own} against the reference`, found, reference);
  const other = pair?.[1];
  if (other) {
    const logits = await scoreWith(other, candidates, system, progress);
    add(`${own} against ${other}`, found, logits);
    if (reference) add(`${other} against the reference`, logits, reference);
  }
  return rows;
}

function firstOf(dataset: Dataset, count: number): Dataset {
  return { ...dataset, queries: dataset.queries.slice(0, count) };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
