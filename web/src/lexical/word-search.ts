/**
 * Documents found by their words, in a small worker of its own: it is there long before the engine, and free while that
 * is at work. Where no such worker can be had, titles are searched in the page, and every answer says why.
 */
import type { EngineClient } from '../engine/client.js';
import type { CollectionCounts, RetrievalOptions } from '../engine/protocol.js';
import { DocsiftError } from '../errors.js';
import type { SiteIndex } from '../site-index.js';
import { type Found, type TextsWanted, withTexts } from '../texts.js';
import type { SearchDocument } from '../types.js';
import { checkDocuments } from './check.js';
import { searchTitles } from './titles.js';

export interface WordsFound extends Found {
  /** Why only titles were searched. */
  reason?: DocsiftError | undefined;
}

export class WordSearch {
  readonly #start: () => Promise<EngineClient>;
  /** What it begins with. */
  readonly #site: Promise<SiteIndex | undefined>;
  /** Documents of that which were removed. */
  readonly #removed = new Set<string>();
  /** What a worker that takes a dead one's place is given. */
  readonly #documents = new Map<string, SearchDocument>();
  /** The worker, with all documents. */
  #worker: Promise<EngineClient> | undefined;
  #current: EngineClient | undefined;
  /** Why there is none, and no other is tried. */
  #failure: DocsiftError | undefined;
  #closed: DocsiftError | undefined;
  #lastChange: Promise<unknown> = Promise.resolve();

  /**
   * @param start starts a worker with the lexical half
   * @param site an index to begin with
   */
  constructor(start: () => Promise<EngineClient>, site?: Promise<SiteIndex>) {
    this.#start = start;
    this.#site = site ?? Promise.resolve(undefined);
    // Whoever opens the index hears of it.
    this.#site.catch(() => {});
    this.#serve(async () => {}).catch(() => {});
  }

  /** Resolves when documents are found; rejects where no worker can be had, or the index not be opened. */
  async opened(): Promise<void> {
    await this.#living();
    if (this.#failure) throw this.#failure;
  }

  /** Adds documents, all or none. */
  add(documents: readonly SearchDocument[], replace: boolean): Promise<void> {
    return this.#change(async () => {
      const served = await this.#serve((client) => client.call('addDocuments', { documents, replace }));
      if (!served) checkDocuments(documents, (id) => !replace && this.#documents.has(id));
      for (const document of documents) {
        this.#documents.set(document.id, document);
        this.#removed.delete(document.id);
      }
    });
  }

  /** Returns how many of the documents were there. */
  remove(ids: readonly string[]): Promise<number> {
    return this.#change(async () => {
      const served = await this.#serve((client) => client.call('removeDocuments', { ids }));
      const removed = ids.filter((id) => this.#documents.delete(id)).length;
      if (await this.#site) for (const id of ids) this.#removed.add(id);
      return served?.value ?? removed;
    });
  }

  /** Finds among the documents of every change that was asked for before. */
  async retrieve(query: string, options: RetrievalOptions, wanted?: TextsWanted): Promise<WordsFound> {
    await this.#lastChange;
    const site = await this.#site;
    let reason: DocsiftError | undefined;
    try {
      const served = await this.#serve((client) => {
        const retrieve = () => client.call('retrieve', { query, options });
        return withTexts(retrieve, wanted, async (files, patienceMs) =>
          site?.handOverTexts(files, patienceMs, (part) => client.call('addPart', part)),
        );
      });
      if (served) return served.value;
      reason = this.#failure;
    } catch (thrown) {
      reason = DocsiftError.from(thrown);
      if (reason.code !== 'worker_crashed') throw reason;
    }
    const sites = (await site?.documents()) ?? [];
    const present = sites.filter(({ id }) => !this.#removed.has(id) && !this.#documents.has(id));
    return { retrieval: searchTitles([...present, ...this.#documents.values()], query, options), reason };
  }

  async counts(): Promise<CollectionCounts> {
    const { size } = this.#documents;
    const served = await this.#serve((client) => client.call('counts', {}));
    return { documents: size, passages: size, ...served?.value, embedded: 0 };
  }

  close(reason: DocsiftError): void {
    this.#closed = reason;
    this.#current?.close(reason);
  }

  /** Asks the worker; where that dies, the one that takes its place. `undefined` where there is none. */
  async #serve<T>(ask: (client: EngineClient) => Promise<T>): Promise<{ value: T } | undefined> {
    for (let attempt = 0; attempt < 2 && !this.#failure; attempt += 1) {
      if (this.#closed) throw this.#closed;
      const client = await this.#living();
      try {
        if (client) return { value: await ask(client) };
      } catch (thrown) {
        if (this.#closed || !client?.dead || attempt > 0) throw thrown;
      }
    }
    if (this.#closed) throw this.#closed;
    return undefined;
  }

  async #living(): Promise<EngineClient | undefined> {
    if (this.#current?.dead) this.#worker = undefined;
    this.#worker ??= this.#launch();
    try {
      return await this.#worker;
    } catch (thrown) {
      this.#failure = DocsiftError.from(thrown);
      return undefined;
    }
  }

  async #launch(): Promise<EngineClient> {
    this.#current = undefined;
    const client = await this.#start();
    this.#current = client;
    if (this.#closed) client.close(this.#closed);
    const site = await this.#site;
    if (site) await client.call('openIndex', await site.opening());
    if (this.#removed.size > 0) await client.call('removeDocuments', { ids: [...this.#removed] });
    const documents = [...this.#documents.values()];
    if (documents.length > 0) await client.call('addDocuments', { documents, replace: true });
    return client;
  }

  #change<T>(make: () => Promise<T>): Promise<T> {
    const change = this.#lastChange.then(make);
    this.#lastChange = change.catch(() => {});
    return change;
  }
}
