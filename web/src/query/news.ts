/** News that come faster than they are taken. */

/** Tells that something is new since it was last asked. */
export class News {
  #resolve = () => {};
  #announced = this.#fresh();

  announce(): void {
    this.#resolve();
  }

  /** Resolves when there is news. Whoever takes it has taken all of it. */
  async next(): Promise<'news'> {
    await this.#announced;
    this.#announced = this.#fresh();
    return 'news';
  }

  #fresh(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
