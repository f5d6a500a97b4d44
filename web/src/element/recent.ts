/** The searches that led somewhere, kept in this browser only, and only where the page asks for it. */

/** The part of `localStorage` that is used. */
export type TextStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export class RecentSearches {
  readonly #store: TextStore | undefined;
  readonly #key: string;
  readonly #most: number;

  /**
   * @param store `undefined` where the browser gives none: then nothing is kept
   * @param most how many are kept; 0 keeps none and forgets those there are
   */
  constructor(store: TextStore | undefined, key: string, most: number) {
    this.#store = store;
    this.#key = key;
    this.#most = most;
    if (most === 0) this.clear();
  }

  /** Newest first. */
  list(): string[] {
    try {
      const kept: unknown = JSON.parse(this.#store?.getItem(this.#key) ?? '[]');
      if (!Array.isArray(kept)) return [];
      return kept.filter((text): text is string => typeof text === 'string').slice(0, this.#most);
    } catch {
      return [];
    }
  }

  add(text: string): void {
    const trimmed = text.trim();
    if (trimmed !== '' && this.#most > 0) this.#keep([trimmed, ...this.#without(trimmed)]);
  }

  remove(text: string): void {
    this.#keep(this.#without(text));
  }

  clear(): void {
    this.#keep([]);
  }

  #without(text: string): string[] {
    return this.list().filter((other) => other.toLowerCase() !== text.toLowerCase());
  }

  #keep(texts: string[]): void {
    try {
      if (texts.length === 0) this.#store?.removeItem(this.#key);
      else this.#store?.setItem(this.#key, JSON.stringify(texts.slice(0, this.#most)));
    } catch {
      // A full or forbidden store is no reason to disturb anyone who searches.
    }
  }
}

/** The page's `localStorage`, or nothing where it is forbidden: reading the property throws then. */
export function pageStore(): TextStore | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
