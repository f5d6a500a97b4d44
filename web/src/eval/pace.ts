/** How long the rest of a work will take. */
export class Pace {
  readonly #started = performance.now();
  readonly #first: number;

  /** @param first how much is done already, and was not done in this time */
  constructor(first = 0) {
    this.#first = first;
  }

  /** `, 3 min left`; empty before anything was done. */
  left(done: number, total: number): string {
    const now = done - this.#first;
    if (now <= 0 || done >= total) return '';
    const seconds = (((performance.now() - this.#started) / now) * (total - done)) / 1000;
    return seconds < 90 ? `, ${Math.ceil(seconds)} s left` : `, ${Math.ceil(seconds / 60)} min left`;
  }
}
