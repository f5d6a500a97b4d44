/** Embeds documents on all cores and keeps them with their vectors. */
import { availableParallelism } from 'node:os';
import { Collection } from '../../collection.js';
import { launch } from '../../engine/launch.js';
import type { Pool } from '../../engine/pool.js';
import type { CollectionCounts, ExportedIndex } from '../../engine/protocol.js';
import { ModelCatalogue, resolveOptions } from '../../options.js';
import type { SiteIndex } from '../../site-index.js';
import type { SearchDocument } from '../../types.js';

export interface IndexerOptions {
  /** The folder of `manifest.json`. Default: the package's own models. */
  modelBaseUrl?: string | undefined;
  /** The embedder's id in the manifest. */
  embedder?: string | undefined;
  /** Default: one for each core. */
  workers?: number | undefined;
  /** Told how many passages were embedded since the beginning, and how many passages there are so far. */
  onProgress: (embedded: number, passages: number) => void;
}

export class Indexer {
  readonly #pool: Pool;
  readonly #makeCollection: () => Collection;
  readonly #progress: Progress;
  #collection: Collection;
  /** The embedder: its id in the manifest, and what identifies its weights. */
  readonly model: { id: string; fingerprint: string };

  private constructor(pool: Pool, workers: number, progress: Progress, model: Indexer['model']) {
    this.#pool = pool;
    this.#progress = progress;
    this.#makeCollection = () =>
      new Collection(pool, workers, (loaded, total) => progress.report(loaded, total));
    this.#collection = this.#makeCollection();
    this.model = model;
  }

  /** Starts the workers and loads the embedder. Rejects when either cannot be had. */
  static async start(options: IndexerOptions): Promise<Indexer> {
    const workers = options.workers ?? availableParallelism();
    const settings = resolveOptions({ modelBaseUrl: options.modelBaseUrl, workers, cache: false });
    const model = await new ModelCatalogue(settings).resolve('embedder', options.embedder);
    let indexer: Indexer | undefined;
    const { pool } = await launch(settings, async (primary) => {
      if (indexer) await indexer.#collection.rebuild(primary);
    });
    try {
      const { fingerprint } = await pool.load('embedder', model.source);
      indexer = new Indexer(pool, workers, new Progress(options.onProgress), {
        id: model.id as string,
        fingerprint,
      });
      return indexer;
    } catch (error) {
      pool.close();
      throw error;
    }
  }

  /** How many passages this indexer has embedded since it began. */
  get embedded(): number {
    return this.#progress.embedded;
  }

  /** Begins with nothing. */
  async create(): Promise<void> {
    this.#collection = this.#makeCollection();
    await this.#collection.create(this.model.fingerprint);
    this.#progress.begin(0);
  }

  /** Begins with an index that was made of the same model. Rejects with `invalid_index` when it is damaged. */
  async open(index: SiteIndex): Promise<void> {
    this.#collection = this.#makeCollection();
    await this.#collection.open(index);
    index.release();
    await this.#collection.addVectors();
    await this.#collection.addAllTexts();
    this.#progress.begin((await this.counts()).embedded);
  }

  /** Puts documents in, each in place of the one with its id. Passages that read the same keep their vectors. */
  async put(documents: readonly SearchDocument[]): Promise<void> {
    await this.#collection.store(documents, true);
    await this.#collection.embed();
  }

  remove(ids: readonly string[]): Promise<number> {
    return this.#collection.remove(ids);
  }

  /** Embeds what an interrupted run left without vectors. */
  finish(): Promise<void> {
    return this.#collection.embed();
  }

  counts(): Promise<CollectionCounts> {
    return this.#collection.counts();
  }

  exportParts(): Promise<ExportedIndex> {
    return this.#collection.exportParts(this.model.id);
  }

  close(): void {
    this.#pool.close();
  }
}

/** Counts the passages embedded, of which a collection reports only how many there are. */
class Progress {
  readonly #onProgress: IndexerOptions['onProgress'];
  #last = 0;
  embedded = 0;

  constructor(onProgress: IndexerOptions['onProgress']) {
    this.#onProgress = onProgress;
  }

  begin(present: number): void {
    this.#last = present;
    this.embedded = 0;
  }

  report(present: number, passages: number): void {
    // Fewer than before are there when documents were replaced.
    this.embedded += Math.max(0, present - this.#last);
    this.#last = present;
    this.#onProgress(this.embedded, passages);
  }
}
