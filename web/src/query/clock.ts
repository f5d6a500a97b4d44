/** Adds up the time of each part of a query. */
import type { Timings } from '../types.js';

export class Clock {
  readonly #started = performance.now();
  readonly #spent = { waiting: 0, lexical: 0, embedQuery: 0, retrieve: 0, rerank: 0 };

  async time<T>(part: keyof Omit<Timings, 'total'>, work: Promise<T>): Promise<T> {
    const stop = this.start(part);
    try {
      return await work;
    } finally {
      stop();
    }
  }

  /** Begins a part; what is returned ends it. */
  start(part: keyof Omit<Timings, 'total'>): () => void {
    const started = performance.now();
    return () => {
      this.#spent[part] += performance.now() - started;
    };
  }

  timings(): Timings {
    return { ...this.#spent, total: performance.now() - this.#started };
  }
}
