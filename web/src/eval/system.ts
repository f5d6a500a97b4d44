/** docsift as it is measured: the public API of the Node build, over one set of documents at a time. */
import type { Precision } from '../engine/protocol.js';
import { DocsiftError } from '../errors.js';
import { loadReranker, type ModelOptions } from '../models.js';
import type { Progress } from '../options.js';
import { createSearch, type Search } from '../search.js';
import type { QueryOptions, SearchDocument, Stats, Timings, TraceCandidate, TraceOpening } from '../types.js';
import { Pace } from './pace.js';

export interface SystemOptions {
  precision?: Precision | undefined;
  workers?: number | undefined;
  /** The folder of `manifest.json`, for models other than the package's own. */
  modelBaseUrl?: string | undefined;
  /** The reranker's id in the manifest. Default: the manifest's default. */
  reranker?: string | undefined;
  /** Whether a pair is scored once and not for every variant: then times mean nothing. Default `false`. */
  cacheScores?: boolean | undefined;
  /** Names a saved index to begin with, and where this one is then saved, so that vectors are made once. */
  keep?: { restore: string | undefined; save: (search: Search) => Promise<void> } | undefined;
}

/** A search that holds the documents of a set, all embedded. */
export interface System {
  search: Search;
  stats: Stats;
  /** Time to embed what was not kept, in milliseconds. */
  indexMs: number;
  /** How many passages were embedded now. */
  embedded: number;
}

export async function openSystem(
  documents: readonly SearchDocument[],
  { keep, cacheScores = false, reranker, ...options }: SystemOptions,
  onProgress: (text: string) => void,
): Promise<System> {
  let kept = 0;
  let last = 0;
  let pace: Pace | undefined;
  const report = ({ stage, loaded, total }: Progress) => {
    if (stage !== 'embed') return;
    last = loaded;
    pace ??= new Pace(loaded);
    onProgress(`embedded ${loaded} of ${total} passages${pace.left(loaded, total)}`);
  };
  const search = await start(
    { ...options, models: { reranker }, onProgress: report, cacheScores: cacheScores && {} },
    keep?.restore,
  );
  try {
    await search.ready();
    const { models, embedded } = await search.stats();
    if (models.embedder !== 'ready') await search.add(documents); // rejects with why there is no embedder
    if (models.reranker === 'failed') throw await whyNoReranker({ ...options, model: reranker });
    kept = embedded;
    const started = performance.now();
    // Passages that read as they did keep their vectors; everything else of the index is made anew.
    await search.update(documents);
    const indexMs = performance.now() - started;
    if (last > kept) await keep?.save(search);
    return { search, stats: await search.stats(), indexMs, embedded: Math.max(0, last - kept) };
  } catch (error) {
    search.close();
    throw error;
  }
}

/** Every passage of a collection with its scores, in the retriever's order. */
export interface Retrieved {
  passages: TraceCandidate[];
  /** The same for the query as it is, where the models read misspelt words of it as the documents spell them. */
  uncorrected: TraceCandidate[];
}

export async function retrieveAll(search: Search, text: string, passages: number): Promise<Retrieved> {
  const options = { retrieve: Math.max(1, passages), limit: 1, trace: true, rerank: false } as const;
  const retrieve = async (correct: boolean) => {
    const result = await search.query(text, { ...options, correct });
    if (result.stage === 'lexical') throw result.reason ?? new Error(`no vector was made of "${text}"`);
    return { passages: result.trace?.candidates ?? [], corrected: result.corrected };
  };
  const found = await retrieve(true);
  const uncorrected = found.corrected === undefined ? found : await retrieve(false);
  return { passages: found.passages, uncorrected: uncorrected.passages };
}

/** What a user gets. */
export interface Asked {
  /** The documents, best first. */
  hits: string[];
  /** The query as the models read it. */
  read: string;
  /** The candidates, in their final order. */
  reranked: TraceCandidate[];
  openings: TraceOpening[];
  openingShare: number;
  timings: Timings;
}

/**
 * Asks as a user would: also with the default `limit`, by which `rerank: 'auto'` goes. The documents are those of all
 * candidates. Rejects where a stage is missing that should have run.
 */
export async function ask(search: Search, text: string, options: QueryOptions): Promise<Asked> {
  const { reason, trace, timings, corrected } = await search.query(text, { ...options, trace: true });
  if (reason) throw reason;
  const reranked = trace?.candidates ?? [];
  const hits = [...new Set(reranked.map(({ documentId }) => documentId))];
  const { openings = [], openingShare = 0 } = trace ?? {};
  return { hits, read: corrected ?? text, reranked, openings, openingShare, timings };
}

async function start(
  options: Parameters<typeof createSearch>[0],
  restore: string | undefined,
): Promise<Search> {
  if (restore === undefined) return createSearch(options);
  try {
    return await createSearch({ ...options, restore });
  } catch (thrown) {
    const { code } = DocsiftError.from(thrown);
    if (code === 'index_not_found' || code === 'invalid_index') return createSearch(options);
    throw thrown;
  }
}

/** A search says it with what it finds, and there may be nothing to find yet. */
async function whyNoReranker(options: ModelOptions): Promise<unknown> {
  try {
    (await loadReranker(options)).close();
  } catch (thrown) {
    return thrown;
  }
  return new DocsiftError('invalid_model', 'the reranker could not be loaded');
}
