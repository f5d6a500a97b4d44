/** The cross-encoder's scores of earlier queries. */
import { LRUCache } from 'lru-cache';
import type { Opening } from '../engine/protocol.js';
import { DocsiftError } from '../errors.js';

export interface ScoreCacheOptions {
  /** The greatest number of scores kept. Default 10 000, which takes about 2 MB. */
  entries?: number | undefined;
  /** How long a score is kept, in milliseconds. Default an hour. */
  maxAgeMs?: number | undefined;
}

/** What tells a passage, or an opening, from others. */
type Read = Pick<Opening, 'hash'>;

const HOUR_MS = 3_600_000;

/**
 * Keeps the logit of a (query, passage) pair under the weights, the passage's content and the query's exact text. A
 * logit depends on nothing else, so what is kept is never stale: a passage that was changed has another hash.
 */
export class ScoreCache {
  readonly #scores: LRUCache<string, number> | undefined;

  constructor(options: ScoreCacheOptions | false = {}) {
    if (options === false) return;
    const { entries = 10_000, maxAgeMs = HOUR_MS } = options;
    checkLimit('entries', entries);
    checkLimit('maxAgeMs', maxAgeMs);
    this.#scores = new LRUCache({ max: entries, ttl: maxAgeMs });
  }

  get size(): number {
    return this.#scores?.size ?? 0;
  }

  /** `fingerprint` tells the weights; without one there are no scores to keep. */
  get(fingerprint: string | undefined, query: string, passage: Read): number | undefined {
    return fingerprint === undefined ? undefined : this.#scores?.get(keyOf(fingerprint, query, passage));
  }

  set(fingerprint: string | undefined, query: string, passage: Read, logit: number): void {
    if (fingerprint !== undefined) this.#scores?.set(keyOf(fingerprint, query, passage), logit);
  }
}

/** The query is last, so that nothing in it can be taken for another part. */
function keyOf(fingerprint: string, query: string, { hash }: Read): string {
  return `${fingerprint}\n${hash}\n${query}`;
}

function checkLimit(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new DocsiftError(
    'invalid_options',
    `cacheScores.${name}: expected an integer of at least 1, found ${value}; set cacheScores to false to keep none`,
  );
}
