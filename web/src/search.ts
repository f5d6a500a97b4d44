/** Search over documents: what is loaded in which order, what holds the documents, and what answers queries. */
import { LRUCache } from 'lru-cache';
import type { Collection } from './collection.js';
import { lexicalStarter } from './engine/launch.js';
import type { Pool } from './engine/pool.js';
import type { RetrievalOptions } from './engine/protocol.js';
import { DocsiftError } from './errors.js';
import { WordSearch, type WordsFound } from './lexical/word-search.js';
import {
  type ChooseModel,
  type LoadedModel,
  type Loading,
  loadEmbedder,
  loadReranker,
  track,
} from './loading.js';
import { ModelCatalogue, type ResolvedModel, resolveOptions } from './options.js';
import { abortable, follow } from './query/abort.js';
import { explanationOf } from './query/explain.js';
import { checkQuery, type Query } from './query/options.js';
import { ownRetriever, ownScorer } from './query/own.js';
import { present, type Snapshot } from './query/present.js';
import { type Backends, QueryRun, type Retriever, type Scorer } from './query/run.js';
import { ScoreCache } from './query/score-cache.js';
import { rerankerWithin } from './reranker-choice.js';
import { checkOptions, isBudget, type RerankerChoice, type SearchOptions } from './search-options.js';
import type { SiteIndex } from './site-index.js';
import { type Engine, openSite, startEngine } from './start.js';
import { loadIndex, saveIndex } from './store.js';
import type { TextsWanted } from './texts.js';
import type { Explanation, QueryOptions, QueryResult, SearchDocument, Stats } from './types.js';

export type { SearchOptions } from './search-options.js';

/** How many embeddings of queries are kept. */
const KEPT_VECTORS = 200;
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Starts a search. Resolves when it takes documents and queries, while the engine and the models are still being
 * downloaded: documents are found by their words until then. What cannot be had rejects `add`, and is the `reason` of
 * query results.
 *
 * Rejects with `invalid_options`; and with `restore`, when the engine cannot be started (`no_wasm`, `no_simd`,
 * `download_failed`, `integrity` or `worker_failed`) or the index is not there (`index_not_found`), is damaged or was
 * made with another model (`invalid_index`). With `index`, it rejects where the index cannot be searched by its words: a
 * file of it is not there (`download_failed`), is not the one its manifest describes (`integrity`), or is of another
 * version (`invalid_index`).
 */
export async function createSearch(options: SearchOptions = {}): Promise<Search> {
  const settings = resolveOptions(options);
  checkOptions(options);
  const { models = {}, retriever, reranker: ownReranker, restore } = options;
  const saved = restore === undefined ? undefined : await loadIndex(restore);
  const site = options.index === undefined ? undefined : await openSite(options.index, settings);

  const catalogue = new ModelCatalogue(settings);
  const embedder =
    retriever || models.embedder === false
      ? undefined
      : catalogue.resolve('embedder', models.embedder ?? site?.index.manifest.model.id);
  const rerankerChoice = models.reranker ?? (models.embedder === false ? false : undefined);
  const reranker = ownReranker || rerankerChoice === false ? undefined : chooser(catalogue, rerankerChoice);
  // It is awaited by the search; if it does not come to that, it is no unhandled rejection.
  embedder?.catch(() => {});

  const needsEngine = embedder || reranker;
  if (site) {
    const { index, words } = site;
    const engine = needsEngine || !words ? startEngine(settings, index) : undefined;
    // Where its words are not found by the lexical half, they are by the engine, or not at all.
    if (!words) await engine;
    if (!engine) index.release();
    // Where there is an embedder, once its vectors are here too.
    if (!embedder) await index.keep();
    return new Search({ engine, embedder, reranker, words, index, options });
  }
  if (!saved) {
    const engine = needsEngine ? startEngine(settings) : undefined;
    const words = new WordSearch(lexicalStarter(settings));
    return new Search({ engine, embedder, reranker, words, options });
  }
  const engine = await startEngine(settings);
  try {
    const model = await embedder?.catch(() => undefined);
    if (model && model.key !== saved.modelKey) {
      const advice = 'add the documents and save it again';
      throw new DocsiftError(
        'invalid_index',
        `the index "${restore}" was made with another embedder; ${advice}`,
      );
    }
    await engine.collection.restore(saved);
  } catch (error) {
    engine.pool.close();
    throw error;
  }
  return new Search({ engine: Promise.resolve(engine), embedder, reranker, words: undefined, options });
}

/** How it is known which reranker it is: at once, or when the speed of this device is. */
function chooser(catalogue: ModelCatalogue, choice: RerankerChoice | undefined): ChooseModel {
  if (choice !== undefined && isBudget(choice)) {
    return async (speed) =>
      catalogue.resolve('reranker', rerankerWithin(choice, await catalogue.manifest(), await speed()));
  }
  const model = catalogue.resolve('reranker', choice);
  model.catch(() => {});
  return () => model;
}

/** A search as `createSearch` sets it up. */
interface Parts {
  /** `undefined` where the caller's functions need none. */
  engine: Promise<Engine> | undefined;
  /** `undefined` where the options leave it out, or a `retriever` takes its place. */
  embedder: Promise<ResolvedModel> | undefined;
  /** `undefined` where the options leave it out, or a `reranker` takes its place. */
  reranker: ChooseModel | undefined;
  /** `undefined` where the engine holds a restored index, and finds by words itself. */
  words: WordSearch | undefined;
  /** What it begins with, if that is an index of a site. */
  index?: SiteIndex | undefined;
  options: SearchOptions;
}

export class Search {
  readonly #engine: Loading<Engine> | undefined;
  readonly #embedderModel: Promise<ResolvedModel> | undefined;
  readonly #embedder: Loading<LoadedModel> | undefined;
  readonly #reranker: Loading<LoadedModel> | undefined;
  readonly #words: WordSearch | undefined;
  readonly #index: SiteIndex | undefined;
  readonly #backends: Backends;
  /** Embeddings of queries. */
  readonly #vectors = new LRUCache<string, Float32Array>({ max: KEPT_VECTORS });
  /** Aborts when the search is closed. */
  readonly #life = new AbortController();
  /** Changes of the engine's collection, one after the other. */
  #lastChange: Promise<unknown> = Promise.resolve();

  /** @internal Use `createSearch`. */
  constructor({ engine, embedder, reranker, words, index, options }: Parts) {
    this.#words = words;
    this.#index = index;
    this.#embedderModel = embedder;
    this.#engine = engine && track(engine);
    this.#embedder = engine && embedder && track(loadEmbedder(engine, embedder, index));
    this.#reranker = engine && reranker && track(loadReranker(engine, reranker, this.#embedder?.ready));
    const { retriever, reranker: ownReranker, timeoutMs = DEFAULT_TIMEOUT_MS, cacheScores } = options;
    this.#backends = {
      words: (text, query, wanted) => this.#findWords(text, query, wanted),
      retriever: retriever ? ownRetriever(retriever, timeoutMs) : this.#retriever(),
      scorer: ownReranker ? ownScorer(ownReranker, timeoutMs) : this.#scorer(),
      scores: new ScoreCache(cacheScores),
    };
  }

  /** Resolves when every model is loaded, or is known not to be had; never rejects. `stats` tells which. */
  async ready(): Promise<void> {
    await Promise.allSettled([this.#embedder?.ready, this.#reranker?.ready]);
  }

  /**
   * Adds documents, which are found by their words at once; resolves when all of them are embedded, with progress in
   * `onProgress`. Nothing is added when one of them is not valid, or its id is taken: `invalid_input`. It also rejects
   * when they cannot be embedded; they are found by their words all the same.
   */
  async add(documents: readonly SearchDocument[]): Promise<void> {
    await this.#whileOpen(this.#store(documents, false));
  }

  /** Adds documents, each in place of the one that has its id. */
  async update(documents: readonly SearchDocument[]): Promise<void> {
    await this.#whileOpen(this.#store(documents, true));
  }

  /** Removes documents; resolves with how many were there. */
  async remove(ids: readonly string[]): Promise<number> {
    if (!Array.isArray(ids)) throw new DocsiftError('invalid_input', 'expected an array of ids');
    return this.#whileOpen(this.#remove(ids));
  }

  /**
   * Finds documents, and tells of each stage as it ends: `lexical`, `hybrid`, then `reranked` again and again while
   * passages are scored, and at last a result that is `final`. Where a model cannot be had or fails, the last result is
   * of the stage before it and its `reason` says why. It rejects when retrieval itself fails, or with the reason of
   * `signal`. Leaving the loop gives the query up.
   */
  async *stream(text: string, options: QueryOptions = {}): AsyncGenerator<QueryResult, void, undefined> {
    const query = checkQuery(text, options);
    for await (const snapshot of this.#run(query, options.signal)) yield present(snapshot, query);
  }

  /** Finds documents; resolves with the last result of `stream`. */
  async query(text: string, options: QueryOptions = {}): Promise<QueryResult> {
    const query = checkQuery(text, options);
    return present(await this.#last(query, options.signal), query);
  }

  /** Says why a document is, or is not, in the results that `query` has with the same options. */
  async explain(text: string, documentId: string, options: QueryOptions = {}): Promise<Explanation> {
    const query = checkQuery(text, options, documentId);
    if (text.trim() === '') throw new DocsiftError('invalid_input', 'expected a query, found an empty one');
    const last = await this.#last(query, options.signal);
    const all = present(last, { ...query, limit: query.retrieve, minScore: undefined });
    return explanationOf(documentId, query, all, last.retrieval.explanation);
  }

  /** Saves the documents and their vectors under a name, for `createSearch({ restore: name })`. */
  async save(name: string): Promise<void> {
    const { embedder, collection } = await this.#whileOpen(this.#saved());
    await saveIndex(name, async () => {
      const saved = await this.#whileOpen(this.#change(() => collection.save()));
      return { ...saved, modelKey: embedder.key, savedAt: new Date() };
    });
  }

  /**
   * Fetches all texts of a site's index that the browser has not kept, so that it is searched whole with the network off.
   * Rejects when one is not to be had; without `index` there is nothing to fetch.
   */
  async fetchTexts(): Promise<void> {
    await this.#whileOpen(this.#index?.fetchTexts() ?? Promise.resolve());
  }

  async stats(): Promise<Stats> {
    const engine = this.#engine?.state === 'ready' ? await this.#engine.ready : undefined;
    const inEngine = engine && engine.collection.fingerprint !== undefined;
    const counts = inEngine ? await engine.collection.counts() : await this.#words?.counts();
    return {
      ...(counts ?? { documents: 0, passages: 0, embedded: 0 }),
      runtime: engine?.variant,
      memoryBytes: (await engine?.pool.memory()) ?? [],
      models: { embedder: this.#embedder?.state ?? 'off', reranker: this.#reranker?.state ?? 'off' },
      rerankerId: this.#reranker?.state === 'ready' ? (await this.#reranker.ready).id : undefined,
      cachedScores: this.#backends.scores.size,
      staleIndex: this.#index?.stale,
    };
  }

  /** Ends the workers; what still waits is rejected with the code `closed`. Saved indexes stay. */
  close(): void {
    const closed = new DocsiftError('closed', 'this search was closed; create another');
    this.#life.abort(closed);
    this.#words?.close(closed);
    this.#index?.close(closed);
    this.#engine?.ready.then(({ pool }) => pool.close()).catch(() => {});
  }

  async #store(documents: readonly SearchDocument[], replace: boolean): Promise<void> {
    if (!Array.isArray(documents)) throw new DocsiftError('invalid_input', 'expected an array of documents');
    await this.#words?.add(documents, replace);
    const [engine, embedder] = [this.#engine, this.#embedder];
    if (!engine || !embedder) return;
    await this.#change(async () => {
      await embedder.ready;
      const { collection } = await engine.ready;
      await collection.store(documents, replace);
    });
    const { collection } = await engine.ready;
    await collection.embed();
  }

  async #remove(ids: readonly string[]): Promise<number> {
    const known = await this.#words?.remove(ids);
    const removing = this.#change(async () => {
      // Before the engine has a collection, there is nothing in it.
      if (this.#engine?.state !== 'ready') return 0;
      const { collection } = await this.#engine.ready;
      return collection.fingerprint === undefined ? 0 : collection.remove(ids);
    });
    if (known === undefined) return removing;
    // It may come after documents that wait for the embedder.
    removing.catch(() => {});
    return known;
  }

  async #saved(): Promise<{ embedder: ResolvedModel; collection: Collection }> {
    if (!this.#embedderModel || !this.#engine) {
      throw new DocsiftError('invalid_index', 'a search with a retriever of its own has no index to save');
    }
    const embedder = await this.#embedderModel;
    const { collection } = await this.#engine.ready;
    return { embedder, collection };
  }

  async *#run(query: Query, signal: AbortSignal | undefined): AsyncGenerator<Snapshot, void, undefined> {
    const { controller, release } = follow(signal, this.#life.signal);
    try {
      yield* new QueryRun(this.#backends, query, controller.signal).snapshots();
    } finally {
      release();
      // Where the caller has left the loop, work is still under way.
      controller.abort();
    }
  }

  async #last(query: Query, signal: AbortSignal | undefined): Promise<Snapshot> {
    let last: Snapshot | undefined;
    for await (const snapshot of this.#run(query, signal)) last = snapshot;
    return last as Snapshot;
  }

  async #findWords(text: string, options: RetrievalOptions, wanted?: TextsWanted): Promise<WordsFound> {
    if (this.#words) return this.#words.retrieve(text, options, wanted);
    const { collection } = await (this.#engine as Loading<Engine>).ready;
    return collection.retrieve(text, undefined, options, wanted);
  }

  #retriever(): Retriever | undefined {
    const [engine, embedder] = [this.#engine, this.#embedder];
    if (!engine || !embedder) return undefined;
    return {
      failed: () => embedder.state === 'failed',
      ready: embedder.ready,
      embed: async ({ text, typing, correct }, signal) => {
        const { collection } = await engine.ready;
        // Few queries are misspelt: embedding does not wait to hear of it.
        const embedding = this.#embed(engine, text, signal);
        embedding.catch(() => {});
        const read = correct ? await collection.corrected(text, typing) : undefined;
        return read === undefined
          ? { ...(await embedding), read: text }
          : { ...(await this.#embed(engine, read, signal)), read };
      },
      retrieve: async (text, vector, options, _signal, wanted) => {
        // Documents that were found by their words are not to be missed here.
        await this.#lastChange;
        const { collection } = await engine.ready;
        return collection.retrieve(text, vector, options, wanted);
      },
    };
  }

  async #embed(
    engine: Loading<Engine>,
    text: string,
    signal: AbortSignal,
  ): Promise<{ vector: Float32Array; kept: boolean }> {
    const vector = this.#vectors.get(text);
    if (vector) return { vector, kept: true };
    const { pool } = await engine.ready;
    const computed = await pool.embed([text], { priority: 'query', signal });
    this.#vectors.set(text, computed);
    return { vector: computed, kept: false };
  }

  #scorer(): Scorer | undefined {
    const [engine, reranker] = [this.#engine, this.#reranker];
    if (!engine || !reranker) return undefined;
    let pool: Pool | undefined;
    const ready = reranker.ready.then(async ({ info, mixingWeight, openingShare, calibration }) => {
      ({ pool } = await engine.ready);
      return { fingerprint: info.fingerprint, mixingWeight, openingShare, calibration, divisible: true };
    });
    ready.catch(() => {});
    return {
      ready,
      rate: () => pool?.rate('reranker'),
      score: async (query, texts, { signal, onScores }) =>
        (await engine.ready).pool.score(query, texts, { priority: 'query', signal, onChunk: onScores }),
    };
  }

  /** Makes a change to the engine's collection after those that were asked for before. */
  #change<T>(make: () => Promise<T>): Promise<T> {
    const change = this.#lastChange.then(make);
    this.#lastChange = change.catch(() => {});
    return change;
  }

  #whileOpen<T>(work: Promise<T>): Promise<T> {
    return abortable(work, this.#life.signal);
  }
}
