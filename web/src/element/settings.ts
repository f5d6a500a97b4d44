/** What the element's attributes say, checked. Pure. */
import { DocsiftError } from '../errors.js';
import type { Stage } from '../types.js';
import { type Hotkey, parseHotkeys } from './hotkeys.js';
import { en } from './languages/en.js';
import type { Strings } from './languages/strings.js';

/** Every attribute that is looked at, beside `lang` and `dir` of the element or around it. */
export const ATTRIBUTES = [
  'mode',
  'index',
  'model-base-url',
  'wasm-base-url',
  'worker-url',
  'base-url',
  'placeholder',
  'hotkeys',
  'limit',
  'preload',
  'recent',
  'stages',
  'rerank-budget',
  'min-score',
  'offline',
  'strings',
  'theme',
  'lang',
] as const;

export interface Settings {
  mode: 'modal' | 'inline';
  /** Where the engine and the documents come from. */
  engine: EngineSettings;
  /** What relative links of documents are relative to. */
  baseUrl: string | undefined;
  placeholder: string | undefined;
  hotkeys: Hotkey[];
  /** How many documents are shown. */
  limit: number;
  preload: 'focus' | 'idle';
  /** How many recent searches are kept. */
  recent: number;
  /** Milliseconds that reranking may take. */
  rerankBudget: number;
  /** From 0 to 1: how likely a document has to be to answer. */
  minScore: number | undefined;
  strings: Partial<Strings>;
}

export interface EngineSettings {
  /** A prebuilt index's manifest, or documents as JSON; by default `index.json` beside the element's script. */
  index: string | undefined;
  modelBaseUrl: string | undefined;
  wasmBaseUrl: string | undefined;
  workerUrl: string | undefined;
  /** The last stage to go to; `auto` leaves it to the device. */
  stages: 'auto' | Stage;
  /** The address of the service worker that keeps the page; empty for the default of `enableOffline`. */
  offline: string | undefined;
}

const DEFAULT_HOTKEYS = '/ mod+k';
const DEFAULT_LIMIT = 8;
const DEFAULT_RECENT = 5;
const DEFAULT_RERANK_BUDGET = 1500;

/** @param attribute the value of an attribute, or null */
export function readSettings(attribute: (name: string) => string | null): Settings {
  const text = (name: string) => attribute(name) ?? undefined;
  const choice = <T extends string>(name: string, values: readonly [T, ...T[]]): T => {
    const found = text(name) ?? values[0];
    if ((values as readonly string[]).includes(found)) return found as T;
    return reject(name, `one of ${values.join(', ')}`, found);
  };
  const count = (name: string, least: number, most: number, absent: number, empty = absent): number => {
    const found = text(name);
    if (found === undefined) return absent;
    if (found.trim() === '') return empty;
    const number = Number(found);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    return reject(name, `an integer from ${least} to ${most}`, found);
  };
  const share = (name: string): number | undefined => {
    const found = text(name);
    if (found === undefined || found.trim() === '') return undefined;
    const number = Number(found);
    return number >= 0 && number <= 1 ? number : reject(name, 'a number from 0 to 1', found);
  };
  choice('theme', ['auto', 'system', 'light', 'dark']);
  return {
    mode: choice('mode', ['modal', 'inline']),
    engine: {
      index: text('index'),
      modelBaseUrl: text('model-base-url'),
      wasmBaseUrl: text('wasm-base-url'),
      workerUrl: text('worker-url'),
      stages: choice('stages', ['auto', 'lexical', 'hybrid', 'reranked']),
      offline: text('offline'),
    },
    baseUrl: text('base-url'),
    placeholder: text('placeholder'),
    hotkeys: parseHotkeys(text('hotkeys') ?? DEFAULT_HOTKEYS),
    limit: count('limit', 1, 50, DEFAULT_LIMIT),
    preload: choice('preload', ['focus', 'idle']),
    recent: count('recent', 0, 50, 0, DEFAULT_RECENT),
    rerankBudget: count('rerank-budget', 1, 60_000, DEFAULT_RERANK_BUDGET),
    minScore: share('min-score'),
    strings: readStrings(text('strings')),
  };
}

function readStrings(json: string | undefined): Partial<Strings> {
  if (json === undefined) return {};
  try {
    return checkStrings(JSON.parse(json));
  } catch (error) {
    if (error instanceof SyntaxError) return reject('strings', 'a JSON object', json);
    throw error;
  }
}

/** Accepts some of the interface's words as a page gives them. `found` may be a text in place of plural forms. */
export function checkStrings(given: unknown): Partial<Strings> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return reject('strings', 'an object', String(given));
  }
  const strings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(en.strings, name)) {
      return reject('strings', `some of ${Object.keys(en.strings).join(', ')}`, name);
    }
    strings[name] = name === 'found' && typeof value === 'string' ? { other: value } : value;
    const text = name === 'found' ? (strings[name] as { other?: unknown } | null)?.other : value;
    if (typeof text !== 'string') return reject(`strings.${name}`, 'a text', String(value));
  }
  return strings as Partial<Strings>;
}

function reject(name: string, expected: string, found: string): never {
  throw new DocsiftError(
    'invalid_options',
    `<docsift-search>: ${name}: expected ${expected}, found "${found}"`,
  );
}
