/**
 * The documents of one search. They live in the primary worker's memory; should that worker die, the collection is
 * rebuilt from a copy of its last saved form and the changes made since.
 */
import type { EngineClient } from './engine/client.js';
import type { Pool } from './engine/pool.js';
import type { CollectionCounts, ExportedIndex, RetrievalOptions } from './engine/protocol.js';
import { DocsiftError } from './errors.js';
import type { SiteIndex } from './site-index.js';
import type { SavedIndex } from './store.js';
import { type Found, type TextsWanted, withTexts } from './texts.js';
import type { SearchDocument } from './types.js';

/** Passages are asked for in rounds of about this many tokens for each worker. */
const ROUND_TOKENS = 8192;
/** A new copy is made when more documents than this have changed, and more than a quarter of all. */
const CHANGES_KEPT = 100;

export class Collection {
  readonly #pool: Pool;
  readonly #workers: number;
  readonly #onProgress: (loaded: number, total: number) => void;
  /** What a new primary begins with: the last saved form, the index that was opened, or nothing. */
  #copy: { bytes?: ArrayBuffer; site?: SiteIndex; fingerprint: string } | undefined;
  /**
   * What has changed since: each document as it is now, or `undefined` where it was removed, in the order of its last change.
   * As many as there are documents, however often they change.
   */
  #changes = new Map<string, SearchDocument | undefined>();
  /** Changes are made one after the other, and so are rounds of embedding, but the two kinds interleave. */
  #lastChange: Promise<unknown> = Promise.resolve();
  #lastEmbedding: Promise<unknown> = Promise.resolve();

  constructor(pool: Pool, workers: number, onProgress: (loaded: number, total: number) => void) {
    this.#pool = pool;
    this.#workers = workers;
    this.#onProgress = onProgress;
  }

  /** The fingerprint of the embedder that the vectors are from; `undefined` before the collection is there. */
  get fingerprint(): string | undefined {
    return this.#copy?.fingerprint;
  }

  async create(fingerprint: string): Promise<void> {
    await this.#pool.call('createCollection', { fingerprint });
    this.#copy = { fingerprint };
  }

  async restore({ bytes, fingerprint }: Pick<SavedIndex, 'bytes' | 'fingerprint'>): Promise<void> {
    await this.#pool.call('restoreCollection', { bytes, fingerprint });
    this.#copy = { bytes, fingerprint };
  }

  /** Opens an index of a site, which is found by its words then; see `addVectors`. */
  async open(site: SiteIndex): Promise<void> {
    await this.#pool.call('openIndex', await site.opening());
    this.#copy = { site, fingerprint: site.manifest.model.fingerprint };
  }

  /** Adds the vectors of the index that was opened. Rejects when one of their parts is not to be had. */
  async addVectors(): Promise<void> {
    const site = this.#copy?.site;
    await site?.handOverVectors((part) => this.#pool.call('addPart', part));
  }

  /** Brings a new primary to where the old one was. Vectors made since the last copy are made again, later. */
  async rebuild(primary: EngineClient): Promise<void> {
    if (!this.#copy) return;
    const { bytes, site, fingerprint } = this.#copy;
    if (site) {
      await primary.call('openIndex', await site.opening());
      await site.handOverVectors((part) => primary.call('addPart', part));
    } else if (bytes) await primary.call('restoreCollection', { bytes, fingerprint });
    else await primary.call('createCollection', { fingerprint });
    const removed = [...this.#changes].flatMap(([id, document]) => (document ? [] : [id]));
    if (removed.length > 0) await primary.call('removeDocuments', { ids: removed });
    const documents = [...this.#changes.values()].filter((document) => document !== undefined);
    if (documents.length > 0) await primary.call('addDocuments', { documents, replace: true });
    this.embed().catch(() => {
      // Whoever adds documents next hears of it; until then these are found by their words.
    });
  }

  /** Stores documents, all or none; `embed` gives them vectors. */
  store(documents: readonly SearchDocument[], replace: boolean): Promise<void> {
    return this.#change(async () => {
      await this.#pool.call('addDocuments', { documents, replace });
      for (const document of documents) this.#note(document.id, document);
    });
  }

  /** Returns how many of the documents were there. */
  remove(ids: readonly string[]): Promise<number> {
    return this.#change(async () => {
      const removed = await this.#pool.call('removeDocuments', { ids });
      if (removed > 0) for (const id of ids) this.#note(id, undefined);
      return removed;
    });
  }

  /** Embeds every passage that has no vector yet. */
  embed(): Promise<void> {
    const embedding = this.#lastEmbedding.then(async () => {
      await this.#embedPending();
      await this.#change(() => this.#renewCopy());
    });
    this.#lastEmbedding = embedding.catch(() => {});
    return embedding;
  }

  /** The best passages for a query, by words and, with its vector, by meaning. */
  retrieve(
    query: string,
    vector: Float32Array | undefined,
    options: RetrievalOptions,
    wanted?: TextsWanted,
  ): Promise<Found> {
    const retrieve = () => this.#pool.call('retrieve', { query, vector, options });
    return withTexts(retrieve, wanted, (files, patienceMs) => this.#addTexts(files, patienceMs));
  }

  /** The query as the models should read it; `undefined` where that is as it is. */
  corrected(query: string, typing: boolean): Promise<string | undefined> {
    return this.#pool.call('corrected', { query, typing });
  }

  async counts(): Promise<CollectionCounts> {
    if (!this.#copy) return { documents: 0, passages: 0, embedded: 0 };
    return this.#pool.call('counts', {});
  }

  /** The collection's saved form, with every change that was asked for before. */
  save(): Promise<{ bytes: ArrayBuffer; fingerprint: string }> {
    return this.#change(() => this.#makeCopy());
  }

  /** The collection as files to deploy, with every change that was asked for before. */
  exportParts(modelId: string): Promise<ExportedIndex> {
    return this.#change(() => this.#pool.call('exportParts', { modelId }));
  }

  /** Adds all texts of the index that was opened, without which it cannot be saved. Rejects when one is not to be had. */
  async addAllTexts(): Promise<void> {
    await this.#copy?.site?.fetchTexts((part) => this.#pool.call('addPart', part));
  }

  async #addTexts(files: readonly string[], patienceMs: number): Promise<DocsiftError | undefined> {
    return this.#copy?.site?.handOverTexts(files, patienceMs, (part) => this.#pool.call('addPart', part));
  }

  #note(id: string, document: SearchDocument | undefined): void {
    this.#changes.delete(id);
    this.#changes.set(id, document);
  }

  #change<T>(make: () => Promise<T>): Promise<T> {
    const change = this.#lastChange.then(make);
    this.#lastChange = change.catch(() => {});
    return change;
  }

  async #embedPending(): Promise<void> {
    for (;;) {
      // Ids are the primary's own: their vectors go to the worker that gave them, or, should it die, nowhere.
      const primary = await this.#pool.primary();
      try {
        if (!(await this.#embedRound(primary))) return;
      } catch (error) {
        if (!primary.dead || DocsiftError.from(error).code !== 'worker_crashed') throw error;
      }
    }
  }

  /** Embeds some passages; returns whether there were any. */
  async #embedRound(primary: EngineClient): Promise<boolean> {
    const { ids, texts } = await primary.call('pending', { maxTokens: ROUND_TOKENS * this.#workers });
    if (texts.length === 0) return false;
    const { embedded, passages } = await primary.call('counts', {});
    let loaded = embedded;
    this.#onProgress(loaded, passages);
    const stored: Promise<unknown>[] = [];
    await this.#pool.embed(texts, {
      priority: 'corpus',
      onChunk: (indices, vectors) => {
        const chunkIds = Uint32Array.from(indices, (index) => ids[index] as number);
        const storing = primary.call('setVectors', { ids: chunkIds, vectors });
        // Looked at below; until then a rejection is not unhandled.
        storing.catch(() => {});
        stored.push(storing);
        loaded += indices.length;
        this.#onProgress(loaded, passages);
      },
    });
    await Promise.all(stored);
    return true;
  }

  async #renewCopy(): Promise<void> {
    // An opened index is whole only once all its texts were fetched.
    if (this.#copy?.site) return;
    const { size } = this.#changes;
    if (size <= CHANGES_KEPT) return;
    const { documents } = await this.#pool.call('counts', {});
    if (size > documents / 4) await this.#makeCopy();
  }

  async #makeCopy(): Promise<{ bytes: ArrayBuffer; fingerprint: string }> {
    if (!this.#copy) throw new DocsiftError('invalid_index', 'there is nothing to save; add documents first');
    await this.addAllTexts();
    const bytes = await this.#pool.call('saveCollection', {});
    this.#copy = { bytes, fingerprint: this.#copy.fingerprint };
    this.#changes.clear();
    return { bytes, fingerprint: this.#copy.fingerprint };
  }
}
