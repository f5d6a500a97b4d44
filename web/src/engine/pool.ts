/**
 * The workers of one search. All of them hold the models; worker 0, the *primary*, also holds the collection.
 * Texts to embed or score are handed out in small chunks to whichever worker is free, so that workers finish
 * together, a query overtakes the embedding of a corpus, and work that was given up stops within one chunk. A
 * worker that dies is replaced, its models loaded again and its chunk redone.
 */
import { DocsiftError } from '../errors.js';
import type { CallOptions, EngineClient } from './client.js';
import { type Chunk, Job, type JobOptions } from './job.js';
import type { CallName, ModelInfo, Params, Precision, Result, Role } from './protocol.js';
import { fetchModel, type ModelSource } from './source.js';

/** Time that a chunk should take: an abort takes effect within it, and it hides the cost of a message. */
const CHUNK_MS = 40;
/** Tokens of a chunk before any was timed, and the least after. */
const FIRST_CHUNK_TOKENS = 256;
const LEAST_CHUNK_TOKENS = 64;

export interface PoolOptions {
  /** Number of workers, at least one. */
  size: number;
  /** Starts a worker. */
  spawn: (onDeath: (error: DocsiftError) => void) => EngineClient;
  module: WebAssembly.Module;
  precision: Precision;
  /** Whether downloaded files are kept in the browser's cache. */
  cache: boolean;
  onDownload: (loaded: number, total: number, file: string) => void;
  /** Called with a primary that took a dead one's place, once it holds the models and before it gets any request. */
  onPrimaryReplaced?: (client: EngineClient) => Promise<void>;
}

type RunOptions = Omit<JobOptions, 'role' | 'texts' | 'query'>;

class Slot {
  readonly roles = new Set<Role>();
  busy = false;
  starting = false;
  /** It died, or could not be started; the next request that needs it starts it again. */
  down = false;
  /** The latest worker, in whatever state. */
  worker: EngineClient | undefined;
  /** The same, once it takes requests. */
  client!: Promise<EngineClient>;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #slots: Slot[];
  readonly #models = new Map<Role, ModelSource>();
  /** Tokens per millisecond of one worker, a running mean. */
  readonly #rates = new Map<Role, number>();
  #jobs: Job[] = [];
  #closed: DocsiftError | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.size }, () => new Slot());
    for (const index of this.#slots.keys()) this.#start(index, false);
  }

  /** How many workers there are. */
  get size(): number {
    return this.#slots.length;
  }

  /** Resolves with the primary once it takes requests; rejects when it could not be started. */
  primary(): Promise<EngineClient> {
    if (!this.#closed) this.#wake(0);
    return this.#slot(0).client;
  }

  /**
   * Sends a request to the primary. Where the primary dies before it answers, the request is made once more, to the
   * one that took its place.
   */
  async call<K extends CallName>(call: K, params: Params<K>, options?: CallOptions): Promise<Result<K>> {
    return this.#withPrimary((primary) => primary.call(call, params, options));
  }

  /** Downloads a model once and loads it into the primary; the other workers follow, and join in as they are ready. */
  async load(role: Role, source: ModelSource): Promise<ModelInfo> {
    const { precision, cache, onDownload } = this.#options;
    const bytes = await this.#withPrimary((primary) =>
      fetchModel(primary, source, cache, this.#lacksWords(this.#slot(0), source), onDownload),
    );
    const primary = await this.primary();
    const info = await primary.call('load', { role, bytes, precision });
    // From here on a replaced worker loads this model of itself.
    this.#models.set(role, source);
    this.#slot(0).roles.add(role);
    this.#pump();
    for (const slot of this.#slots.slice(1)) {
      slot.client
        .then(async (client) => {
          if (slot.roles.has(role)) return;
          await client.call('load', { role, bytes, precision });
          this.#ready(slot, client, role);
        })
        // A worker that cannot hold the model (out of memory, say) takes none of its chunks.
        .catch(() => {});
    }
    return info;
  }

  /** Embeds texts: `texts.length × dims` values. */
  embed(texts: readonly string[], options: RunOptions): Promise<Float32Array> {
    return this.#run({ ...options, role: 'embedder', texts });
  }

  /** Scores passages against a query: one logit each. */
  score(query: string, texts: readonly string[], options: RunOptions): Promise<Float32Array> {
    return this.#run({ ...options, role: 'reranker', query, texts });
  }

  /** Tokens per millisecond of all workers that hold a model, as measured; `undefined` before it was at work. */
  rate(role: Role): number | undefined {
    const rate = this.#rates.get(role);
    return rate && rate * Math.max(1, this.#slots.filter(({ roles }) => roles.has(role)).length);
  }

  /** The memory of each living worker, in bytes. */
  async memory(): Promise<number[]> {
    const sizes = this.#slots.map(async ({ client }) => (await client).call('memory', {}));
    return (await Promise.allSettled(sizes)).flatMap((size) =>
      size.status === 'fulfilled' ? [size.value] : [],
    );
  }

  /** Ends all workers; everything that still waits is rejected with the code `closed`. */
  close(): void {
    if (this.#closed) return;
    const closed = new DocsiftError('closed', 'this search was closed; create another');
    this.#closed = closed;
    // A job with no chunk at work fails with the next that it would be given.
    for (const slot of this.#slots) slot.worker?.close(closed);
  }

  #run(options: JobOptions): Promise<Float32Array> {
    if (this.#closed) return Promise.reject(this.#closed);
    const job = new Job(options);
    if (job.waiting) {
      this.#jobs.push(job);
      this.#wakeAll();
      this.#pump();
      void this.#lost(
        new DocsiftError('worker_failed', `no worker holds the ${job.role}; load the page again`),
      );
    }
    return job.result;
  }

  /** Gives every free worker its next chunk. */
  #pump(): void {
    this.#jobs = this.#jobs.filter((job) => !job.settled);
    for (const slot of this.#slots) {
      if (slot.busy || slot.roles.size === 0) continue;
      const ready = this.#jobs.filter((job) => job.waiting && slot.roles.has(job.role));
      const job = ready.find(({ priority }) => priority === 'query') ?? ready[0];
      if (job) void this.#work(slot, job);
    }
  }

  async #work(slot: Slot, job: Job): Promise<void> {
    const rate = this.#rates.get(job.role);
    const budget = rate ? Math.max(LEAST_CHUNK_TOKENS, rate * CHUNK_MS) : FIRST_CHUNK_TOKENS;
    const workers = this.#slots.filter(({ roles }) => roles.has(job.role)).length;
    const chunk = job.take(budget, workers);
    slot.busy = true;
    try {
      const client = await slot.client;
      const started = performance.now();
      const values = await compute(client, job, chunk);
      this.#measure(job.role, chunk.tokens / Math.max(performance.now() - started, 0.1));
      job.deliver(chunk, values);
    } catch (error) {
      // Only a worker that died is worth another try: a text that is refused is refused by every worker.
      if (isDeath(error)) job.giveBack(chunk, error);
      else job.fail(error);
      if (job.waiting) this.#wakeAll();
    } finally {
      slot.busy = false;
      this.#pump();
    }
  }

  #measure(role: Role, rate: number): void {
    const before = this.#rates.get(role);
    this.#rates.set(role, before === undefined ? rate : 0.7 * before + 0.3 * rate);
  }

  #wakeAll(): void {
    for (const index of this.#slots.keys()) this.#wake(index);
  }

  /**
   * Starts a worker that is down. Only requests, and chunks that are to be redone, come here, and both are bounded: a
   * worker that dies whenever it is started is not started for ever.
   */
  #wake(index: number): void {
    if (this.#slot(index).down) this.#start(index, true);
  }

  #start(index: number, replaces: boolean): void {
    const slot = this.#slot(index);
    slot.down = false;
    slot.starting = true;
    slot.client = this.#launch(slot, index === 0, replaces).finally(() => {
      slot.starting = false;
      this.#pump();
    });
    slot.client.catch((error) => this.#lost(error));
  }

  async #launch(slot: Slot, isPrimary: boolean, replaces: boolean): Promise<EngineClient> {
    const fall = () => {
      slot.down = true;
      slot.roles.clear();
    };
    try {
      const client = this.#options.spawn(fall);
      slot.worker = client;
      await client.call('init', { module: this.#options.module, kind: 'engine' });
      if (replaces) await this.#refill(slot, isPrimary, client);
      if (this.#closed) throw this.#closed;
      return client;
    } catch (thrown) {
      const error = DocsiftError.from(thrown);
      slot.worker?.close(error);
      fall();
      throw error;
    }
  }

  /** Brings a replacement to where the dead worker was. */
  async #refill(slot: Slot, isPrimary: boolean, client: EngineClient): Promise<void> {
    const { precision, cache, onPrimaryReplaced } = this.#options;
    for (const [role, source] of this.#models) {
      try {
        const bytes = await fetchModel(client, source, cache, this.#lacksWords(slot, source), () => {});
        await client.call('load', { role, bytes, precision });
        slot.roles.add(role);
      } catch (error) {
        if (client.dead) throw error;
        // Without this model (offline and no longer cached, say) the worker still serves the others.
        void this.#lost(error);
      }
    }
    // Last, since documents are cut into passages by the embedder's tokens.
    if (isPrimary) await onPrimaryReplaced?.(client);
  }

  /**
   * Whether a worker has to be given the words that a model needs, since no embedder that it holds has them. What the
   * primary holds, the others hold or are loading by the time that they are given the next model.
   */
  #lacksWords(slot: Slot, { words }: ModelSource): boolean {
    const embedder = slot.roles.has('embedder') ? this.#models.get('embedder') : undefined;
    return words !== undefined && words.url !== embedder?.weights.url;
  }

  #ready(slot: Slot, client: EngineClient, role: Role): void {
    if (client.dead) return;
    slot.roles.add(role);
    this.#pump();
  }

  /** A job whose model no worker holds, with none on its way, would wait for ever. */
  async #lost(error: unknown): Promise<void> {
    let dead: PromiseRejectedResult | undefined;
    do {
      const outcomes = await Promise.allSettled(this.#slots.map(({ client }) => client));
      dead = outcomes.find((outcome) => outcome.status === 'rejected');
    } while (this.#slots.some(({ starting }) => starting));
    for (const job of this.#jobs) {
      if (!this.#slots.some(({ roles }) => roles.has(job.role))) job.fail(dead?.reason ?? error);
    }
  }

  async #withPrimary<T>(use: (primary: EngineClient) => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#closed;
    const primary = await this.primary();
    try {
      return await use(primary);
    } catch (error) {
      if (!isDeath(error)) throw error;
      return use(await this.primary());
    }
  }

  #slot(index: number): Slot {
    const slot = this.#slots[index];
    if (!slot) throw new RangeError(`no worker ${index}`);
    return slot;
  }
}

function isDeath(error: unknown): boolean {
  return error instanceof DocsiftError && (error.code === 'worker_crashed' || error.code === 'worker_failed');
}

function compute(client: EngineClient, job: Job, { items }: Chunk): Promise<Float32Array> {
  const texts = items.map(({ text }) => text);
  return job.role === 'embedder'
    ? client.call('embed', { texts })
    : client.call('score', { query: job.query, passages: texts });
}
