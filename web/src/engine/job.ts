/** A list of texts to embed or to score, worked off in chunks by whichever workers are free. */
import type { Role } from './protocol.js';

/** A text of a job, with the number of tokens it is taken to be. */
interface Item {
  index: number;
  text: string;
  tokens: number;
  /** How many workers died over it. */
  deaths: number;
}

export interface Chunk {
  items: Item[];
  tokens: number;
}

export interface JobOptions {
  role: Role;
  texts: readonly string[];
  /** The query that the texts are scored against, for a reranker. */
  query?: string;
  /** `query`: somebody waits for it; `corpus`: may wait for every query. */
  priority: 'query' | 'corpus';
  signal?: AbortSignal | undefined;
  /** Called as each chunk ends with the positions of its texts, and as many equal shares of values. */
  onChunk?: ((indices: number[], values: Float32Array) => void) | undefined;
}

/** How many workers may die over a text before its job is given up. */
const DEATHS_PER_TEXT = 2;

export class Job {
  readonly role: Role;
  readonly query: string;
  readonly priority: JobOptions['priority'];
  /** One share of values per text, in the order of the texts. */
  readonly result: Promise<Float32Array>;

  readonly #onChunk: JobOptions['onChunk'];
  readonly #count: number;
  #todo: Item[];
  #todoTokens: number;
  #missing: number;
  #values: Float32Array | undefined;
  #settled = false;
  #resolve!: (values: Float32Array) => void;
  #reject!: (error: unknown) => void;

  constructor(options: JobOptions) {
    this.role = options.role;
    this.query = options.query ?? '';
    this.priority = options.priority;
    this.#onChunk = options.onChunk;
    this.#count = this.#missing = options.texts.length;
    this.#todo = options.texts.map((text, index) => {
      return { index, text, tokens: pairTokens(options.query, text), deaths: 0 };
    });
    this.#todoTokens = this.#todo.reduce((sum, { tokens }) => sum + tokens, 0);
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#watch(options.signal);
    if (this.#count === 0) this.#settle(() => this.#resolve(new Float32Array(0)));
  }

  /** Nothing more is to be done: it succeeded, failed, or was aborted. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether texts wait to be taken. */
  get waiting(): boolean {
    return !this.#settled && this.#todo.length > 0;
  }

  /**
   * The next texts for one worker: at least one, and otherwise no more than `budget` tokens, nor more than its
   * share of what is left between `workers`, so that all of them finish at about the same time.
   */
  take(budget: number, workers: number): Chunk {
    const limit = Math.min(budget, this.#todoTokens / workers);
    const items: Item[] = [];
    let tokens = 0;
    for (const item of this.#todo) {
      if (items.length > 0 && tokens + item.tokens > limit) break;
      items.push(item);
      tokens += item.tokens;
    }
    this.#todo = this.#todo.slice(items.length);
    this.#todoTokens -= tokens;
    return { items, tokens };
  }

  /** Takes the values of a finished chunk. Values of a job that is settled are dropped. */
  deliver(chunk: Chunk, values: Float32Array): void {
    if (this.#settled) return;
    const share = values.length / chunk.items.length;
    this.#values ??= new Float32Array(this.#count * share);
    chunk.items.forEach(({ index }, i) => {
      this.#values?.set(values.subarray(i * share, (i + 1) * share), index * share);
    });
    this.#missing -= chunk.items.length;
    this.#onChunk?.(
      chunk.items.map(({ index }) => index),
      values,
    );
    const all = this.#values;
    if (this.#missing === 0) this.#settle(() => this.#resolve(all));
  }

  /** Puts a chunk whose worker died back at the front; gives up when it has taken down too many. */
  giveBack(chunk: Chunk, error: unknown): void {
    for (const item of chunk.items) item.deaths += 1;
    if (chunk.items.some(({ deaths }) => deaths >= DEATHS_PER_TEXT)) {
      this.fail(error);
      return;
    }
    this.#todo = [...chunk.items, ...this.#todo];
    this.#todoTokens += chunk.tokens;
  }

  fail(error: unknown): void {
    this.#settle(() => this.#reject(error));
  }

  #watch(signal: AbortSignal | undefined): void {
    if (!signal) return;
    const abort = () => this.fail(signal.reason);
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    const forget = () => signal.removeEventListener('abort', abort);
    this.result.then(forget, forget);
  }

  #settle(settle: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#todo = [];
    settle();
  }
}

/** Scripts whose characters WordPiece takes one by one. */
const ONE_BY_ONE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;

/** About how many tokens a model reads of a text, together with a query where there is one. */
export function pairTokens(query: string | undefined, text: string): number {
  return (query === undefined ? 0 : estimateTokens(query) + 1) + estimateTokens(text) + 2;
}

/** About how many tokens a text is. Only the division of work depends on it, and what a budget affords; never a score. */
export function estimateTokens(text: string): number {
  const single = text.match(ONE_BY_ONE)?.length ?? 0;
  return single + Math.ceil((text.length - single) / 4.2);
}
