/**
 * Documents found by their words, in a small worker of its own: it is there long before the engine, and free while that
 * is at work. Where no such worker can be had, titles are searched in the page, and every answer says why.
 */
import type { EngineClient } from '../engine/client.js';
import type { CollectionCounts, Retrieval, RetrievalOptions } from '../engine/protocol.js';
import { DocsiftError } from '../errors.js';
import type { SearchDocument } from '../types.js';
import { checkDocuments } from './check.js';
import { searchTitles } from './titles.js';

export interface WordsFound {
  retrieval: Retrieval;
  /** Why only titles were searched. */
  reason?: DocsiftError | undefined;
}

export class WordSearch {
  readonly #start: () => Promise<EngineClient>;
  /** What a worker that takes a dead one's place is given. */
  readonly #documents = new Map<string, SearchDocument>();
  /** The worker, with all documents. */
  #worker: Promise<EngineClient> | undefined;
  #current: EngineClient | undefined;
  /** Why there is none, and no other is tried. */
  #failure: DocsiftError | undefined;
  #closed: DocsiftError | undefined;
  #lastChange: Promise<unknown> = Promise.resolve();

  /** @param start starts a worker with the lexical half */
  constructor(start: () => Promise<EngineClient>) {
    this.#start = start;
    this.#serve(async () => {}).catch(() => {});
  }

  /** Adds documents, all or none. */
  add(documents: readonly SearchDocument[], replace: boolean): Promise<void> {
    return this.#change(async () => {
      const served = await this.#serve((client) => client.call('addDocuments', { documents, replace }));
      if (!served) checkDocuments(documents, (id) => !replace && this.#documents.has(id));
      for (const document of documents) this.#documents.set(document.id, document);
    });
  }

  /** Returns how many of the documents were there. */
  remove(ids: readonly string[]): Promise<number> {
    return this.#change(async () => {
      await this.#serve((client) => client.call('removeDocuments', { ids }));
      return ids.filter((id) => this.#documents.delete(id)).length;
    });
  }

  /** Finds among the documents of every change that was asked for before. */
  async retrieve(query: string, options: RetrievalOptions): Promise<WordsFound> {
    await this.#lastChange;
    let reason: DocsiftError | undefined;
    try {
      const served = await this.#serve((client) => client.call('retrieve', { query, options }));
      if (served) return { retrieval: served.value };
      reason = this.#failure;
    } catch (thrown) {
      reason = DocsiftError.from(thrown);
      if (reason.code !== 'worker_crashed') throw reason;
    }
    return { retrieval: searchTitles(this.#documents.values(), query, options), reason };
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
    const documents = [...this.#documents.values()];
    this.#current = undefined;
    const client = await this.#start();
    this.#current = client;
    if (this.#closed) client.close(this.#closed);
    if (documents.length > 0) await client.call('addDocuments', { documents, replace: true });
    return client;
  }

  #change<T>(make: () => Promise<T>): Promise<T> {
    const change = this.#lastChange.then(make);
    this.#lastChange = change.catch(() => {});
    return change;
  }
}
