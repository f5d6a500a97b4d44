/** The models of a search on their way. */
import type { Calibration } from './calibration.js';
import type { Pool } from './engine/pool.js';
import type { ModelInfo } from './engine/protocol.js';
import { DocsiftError } from './errors.js';
import type { ResolvedModel } from './options.js';
import type { SiteIndex } from './site-index.js';
import type { Engine } from './start.js';
import type { ModelState } from './types.js';

/** Something on its way. */
export interface Loading<T> {
  state: Exclude<ModelState, 'off'>;
  /** Rejects with why it is not to be had. */
  ready: Promise<T>;
}

export interface LoadedModel {
  /** In the manifest; absent for files of one's own. */
  id?: string | undefined;
  info: ModelInfo;
  mixingWeight: number;
  openingShare: number;
  calibration: Calibration | undefined;
}

/** Finds which model it is; `speed` resolves with the multiply-accumulates per millisecond of all workers, if known. */
export type ChooseModel = (speed: () => Promise<number | undefined>) => Promise<ResolvedModel>;

/** About as long as a passage; each word is a token. */
const PROBE = 'word '.repeat(250);
const PROBE_TOKENS = 252;
/** The first ones run before the browser has optimised the code. */
const PROBES = 3;

/** Follows the state of what is on its way. It has changed by the time that those who await it go on. */
export function track<T>(ready: Promise<T>): Loading<T> {
  const loading: Loading<T> = { state: 'loading', ready };
  ready.then(
    () => {
      loading.state = 'ready';
    },
    () => {
      loading.state = 'failed';
    },
  );
  return loading;
}

/** Loads the embedder, and the vectors of an index that was opened. */
export async function loadEmbedder(
  starting: Promise<Engine>,
  resolving: Promise<ResolvedModel>,
  index: SiteIndex | undefined,
): Promise<LoadedModel> {
  const { pool, collection } = await starting;
  const { source, ...chosen } = await resolving;
  // Both are downloads; neither waits for the other.
  const vectors = collection.addVectors();
  vectors.catch(() => {});
  const info = await pool.load('embedder', source);
  const made = collection.fingerprint;
  if (made === undefined) await collection.create(info.fingerprint);
  else if (made !== info.fingerprint) {
    const advice = 'make it anew with this one';
    throw new DocsiftError('invalid_index', `the index has vectors of another embedder; ${advice}`);
  }
  await vectors;
  await index?.keep();
  return { ...chosen, info };
}

/** Loads the reranker after the embedder, which is of use sooner; without its vectors nothing is reranked. */
export async function loadReranker(
  starting: Promise<Engine>,
  choose: ChooseModel,
  embedder: Promise<LoadedModel> | undefined,
): Promise<LoadedModel> {
  const { pool } = await starting;
  const loaded = await embedder;
  const { source, ...chosen } = await choose(async () => loaded && speedOf(pool, loaded.info));
  return { ...chosen, info: await pool.load('reranker', source) };
}

/** Has one worker embed, and takes the others to be as fast. */
async function speedOf(pool: Pool, { macsPerToken }: ModelInfo): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let probe = 0; probe < PROBES; probe += 1) {
    const started = performance.now();
    await pool.embed([PROBE], { priority: 'query' });
    leastMs = Math.min(leastMs, performance.now() - started);
  }
  return (pool.size * PROBE_TOKENS * macsPerToken) / Math.max(leastMs, 0.1);
}
