/** Search over documents: retrieval, reranking, and what to do when a model is missing. */
import { Collection } from './collection.js';
import { launch } from './engine/launch.js';
import type { Pool } from './engine/pool.js';
import type { Candidate, ModelInfo } from './engine/protocol.js';
import { DocsiftError } from './errors.js';
import {
  type EngineOptions,
  ModelCatalogue,
  type ModelChoice,
  type ResolvedModel,
  resolveOptions,
} from './options.js';
import { type Ranked, rankReranked, rankRetrieved, toHits, toTrace } from './ranking.js';
import type { Variant } from './runtime.js';
import { loadIndex, saveIndex } from './store.js';
import type {
  ModelState,
  QueryOptions,
  QueryResult,
  SearchDocument,
  Stage,
  Stats,
  Timings,
} from './types.js';

export interface SearchOptions extends EngineOptions {
  /** The models, by id in the manifest or by files. `reranker: false` leaves reranking out. */
  models?: { embedder?: ModelChoice | undefined; reranker?: ModelChoice | false | undefined } | undefined;
  /** The name of a saved index to start with. */
  restore?: string | undefined;
}

/** A model on its way. */
interface LoadingModel {
  state: Exclude<ModelState, 'off'>;
  /** Rejects with why it is not to be had. */
  ready: Promise<{ info: ModelInfo; mixingWeight: number }>;
}

/** A search as `createSearch` sets it up. */
interface Parts {
  pool: Pool;
  collection: Collection;
  variant: Variant;
  embedder: Promise<ResolvedModel>;
  reranker: Promise<ResolvedModel> | undefined;
}

/**
 * Starts a search. Resolves when it takes documents and queries, while the models are still being downloaded: `add`
 * waits for the embedder, and `query` for both, with what is already known handed to `onUpdate`.
 *
 * Rejects when the engine or its worker cannot be started, with `no_wasm`, `no_simd`, `download_failed`, `integrity` or
 * `worker_failed`; and with `restore`, when the index is not there (`index_not_found`), is damaged or was made with
 * another model (`invalid_index`). A model that cannot be had rejects `add`, and is the `reason` of query results.
 */
export async function createSearch(options: SearchOptions = {}): Promise<Search> {
  const settings = resolveOptions(options);
  const catalogue = new ModelCatalogue(settings);
  const saved = options.restore === undefined ? undefined : await loadIndex(options.restore);

  const { embedder: embedderChoice, reranker: rerankerChoice } = options.models ?? {};
  const embedder = catalogue.resolve('embedder', embedderChoice);
  const reranker = rerankerChoice === false ? undefined : catalogue.resolve('reranker', rerankerChoice);
  // Both are awaited by the search; if it does not come to that, they are no unhandled rejections.
  embedder.catch(() => {});
  reranker?.catch(() => {});

  let collection: Collection | undefined;
  const { pool, variant } = await launch(settings, async (primary) => collection?.rebuild(primary));
  collection = new Collection(pool, settings.workers, (loaded, total) =>
    settings.onProgress({ stage: 'embed', loaded, total }),
  );
  try {
    if (saved) {
      const model = await embedder.catch(() => undefined);
      if (model && model.key !== saved.modelKey) {
        throw new DocsiftError(
          'invalid_index',
          `the index "${options.restore}" was made with another embedder; add the documents and save it again`,
        );
      }
      await collection.restore(saved);
    }
    return new Search({ pool, collection, variant, embedder, reranker });
  } catch (error) {
    pool.close();
    throw error;
  }
}

export class Search {
  readonly #pool: Pool;
  readonly #collection: Collection;
  readonly #variant: Variant;
  readonly #embedderModel: Promise<ResolvedModel>;
  readonly #embedder: LoadingModel;
  /** `undefined` where the options leave it out. */
  readonly #reranker: LoadingModel | undefined;

  /** @internal Use `createSearch`. */
  constructor(parts: Parts) {
    this.#pool = parts.pool;
    this.#collection = parts.collection;
    this.#variant = parts.variant;
    this.#embedderModel = parts.embedder;
    this.#embedder = track(this.#loadEmbedder(parts.embedder));
    this.#reranker = parts.reranker ? track(this.#loadReranker(parts.reranker)) : undefined;
  }

  /** Resolves when every model is loaded, or is known not to be had; never rejects. `stats` tells which. */
  async ready(): Promise<void> {
    await Promise.allSettled([this.#embedder.ready, this.#reranker?.ready]);
  }

  /**
   * Adds documents; resolves when all of them are embedded, with progress in `onProgress`. They are found by their
   * words before. Nothing is added when one of them is not valid, or its id is taken: `invalid_input`.
   */
  async add(documents: readonly SearchDocument[]): Promise<void> {
    await this.#store(documents, false);
  }

  /** Adds documents, each in place of the one that has its id. */
  async update(documents: readonly SearchDocument[]): Promise<void> {
    await this.#store(documents, true);
  }

  /** Removes documents; resolves with how many were there. */
  async remove(ids: readonly string[]): Promise<number> {
    if (!Array.isArray(ids)) throw new DocsiftError('invalid_input', 'expected an array of ids');
    return this.#collection.fingerprint === undefined ? 0 : this.#collection.remove(ids);
  }

  /**
   * Finds documents. Where a model cannot be had or fails, the result is of the stage before it and its `reason` says
   * why; it rejects when retrieval itself fails, or with the reason of `signal`.
   */
  async query(text: string, options: QueryOptions = {}): Promise<QueryResult> {
    const { retrieve = 50, limit = 5, trace = false, signal, onUpdate } = options;
    checkCount('retrieve', retrieve);
    checkCount('limit', limit);
    if (typeof text !== 'string')
      throw new DocsiftError('invalid_input', 'expected the query to be a string');
    signal?.throwIfAborted();

    const clock = new Clock();
    const show = (ranked: Ranked[], stage: Stage, reason?: DocsiftError): QueryResult => ({
      hits: toHits(ranked, text, limit),
      stage,
      timings: clock.timings(),
      counts: { candidates: ranked.length, reranked: stage === 'reranked' ? ranked.length : 0 },
      reason,
      trace: trace ? toTrace(ranked) : undefined,
    });

    if (text.trim() === '') return show([], 'lexical');

    let retrieved: Candidate[] = [];
    const find = async (vector?: Float32Array): Promise<'lexical' | 'hybrid'> => {
      if (this.#collection.fingerprint === undefined) return 'lexical';
      const found = await clock.time(
        'retrieve',
        abortable(this.#collection.retrieve(text, vector, retrieve), signal),
      );
      retrieved = found.candidates;
      return found.stage;
    };

    if (this.#embedder.state === 'loading' && onUpdate) {
      const stage = await find();
      onUpdate(show(rankRetrieved(retrieved), stage));
    }

    let vector: Float32Array;
    try {
      await clock.time('waiting', abortable(this.#embedder.ready, signal));
      vector = await clock.time('embedQuery', this.#pool.embed([text], { priority: 'query', signal }));
    } catch (thrown) {
      const reason = this.#fallback(thrown, signal);
      const stage = await find();
      return show(rankRetrieved(retrieved), stage, reason);
    }

    const stage = await find(vector);
    const ranked = rankRetrieved(retrieved);
    if (!this.#reranker || retrieved.length === 0) return show(ranked, stage);
    onUpdate?.(show(ranked, stage));

    try {
      const { mixingWeight } = await clock.time('waiting', abortable(this.#reranker.ready, signal));
      const passages = retrieved.map(({ input }) => input);
      const logits = await clock.time(
        'rerank',
        this.#pool.score(text, passages, { priority: 'query', signal }),
      );
      checkLogits(logits);
      return show(rankReranked(retrieved, logits, mixingWeight), 'reranked');
    } catch (thrown) {
      return show(ranked, stage, this.#fallback(thrown, signal));
    }
  }

  /** Saves the documents and their vectors under a name, for `createSearch({ restore: name })`. */
  async save(name: string): Promise<void> {
    const { key } = await this.#embedderModel;
    await saveIndex(name, { ...(await this.#collection.save()), modelKey: key, savedAt: new Date() });
  }

  async stats(): Promise<Stats> {
    const [counts, memoryBytes] = await Promise.all([this.#collection.counts(), this.#pool.memory()]);
    const models = { embedder: this.#embedder.state, reranker: this.#reranker?.state ?? 'off' } as const;
    return { ...counts, runtime: this.#variant, memoryBytes, models };
  }

  /** Ends the workers; what still waits is rejected with the code `closed`. Saved indexes stay. */
  close(): void {
    this.#pool.close();
  }

  async #store(documents: readonly SearchDocument[], replace: boolean): Promise<void> {
    if (!Array.isArray(documents)) throw new DocsiftError('invalid_input', 'expected an array of documents');
    await this.#embedder.ready;
    await this.#collection.add(documents, replace);
  }

  async #loadEmbedder(model: Promise<ResolvedModel>) {
    const { source, mixingWeight } = await model;
    const info = await this.#pool.load('embedder', source);
    const made = this.#collection.fingerprint;
    if (made === undefined) await this.#collection.create(info.fingerprint);
    else if (made !== info.fingerprint) {
      const advice = 'add the documents to a new search and save it again';
      throw new DocsiftError(
        'invalid_index',
        `the restored index has vectors of another embedder; ${advice}`,
      );
    }
    return { info, mixingWeight };
  }

  /** Loads the reranker after the embedder, which is of use sooner; without an embedder there is nothing to rerank. */
  async #loadReranker(model: Promise<ResolvedModel>) {
    await this.#embedder.ready;
    const { source, mixingWeight } = await model;
    return { info: await this.#pool.load('reranker', source), mixingWeight };
  }

  /** Why a stage is missing; throws instead where the query was given up, or the search closed. */
  #fallback(thrown: unknown, signal: AbortSignal | undefined): DocsiftError {
    signal?.throwIfAborted();
    const reason = DocsiftError.from(thrown);
    if (reason.code === 'closed') throw reason;
    return reason;
  }
}

/** Follows a model's state. The state has changed by the time that those who await the model go on. */
function track(ready: LoadingModel['ready']): LoadingModel {
  const model: LoadingModel = { state: 'loading', ready };
  ready.then(
    () => {
      model.state = 'ready';
    },
    () => {
      model.state = 'failed';
    },
  );
  return model;
}

/** Adds up the time of each stage of a query. */
class Clock {
  readonly #started = performance.now();
  readonly #spent = { waiting: 0, embedQuery: 0, retrieve: 0, rerank: 0 };

  async time<T>(stage: keyof Omit<Timings, 'total'>, work: Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work;
    } finally {
      this.#spent[stage] += performance.now() - started;
    }
  }

  timings(): Timings {
    return { ...this.#spent, total: performance.now() - this.#started };
  }
}

/** Settles as `work` does, or rejects as soon as the signal aborts. */
function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function checkCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new DocsiftError('invalid_input', `${name}: expected an integer of at least 1, found ${value}`);
}

function checkLogits(logits: Float32Array): void {
  if (logits.every(Number.isFinite)) return;
  throw new DocsiftError('invalid_model', 'the reranker gave a score that is no number; use another model');
}
