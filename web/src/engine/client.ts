/** The page's half of the protocol: one worker, spoken to by promises that always settle. */
import { workerAdvice } from '#platform';
import { DocsiftError, messageOf } from '../errors.js';
import type { CallName, Params, Request, Response, Result } from './protocol.js';

/** The part of `Worker` that is used. */
export interface WorkerLike {
  postMessage(message: Request, transfer: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<Response>) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

export interface CallOptions {
  /** Buffers of the parameters that are moved to the worker and not copied. */
  transfer?: Transferable[];
  /** Progress of a download, in bytes. */
  onProgress?: (loaded: number, total: number) => void;
}

/** How long a worker may take until it says something first, in seconds for which the page is awake. */
const START_SECONDS = 60;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: DocsiftError): void;
  onProgress: CallOptions['onProgress'];
}

export class EngineClient {
  readonly #worker: WorkerLike;
  readonly #onDeath: (error: DocsiftError) => void;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #dead: DocsiftError | undefined;
  /** Counts the seconds until the first message. A single timer would go off at once when a device wakes. */
  #starting: ReturnType<typeof setInterval> | undefined;

  /** `onDeath` is called at most once, when the worker fails of itself; not when it is closed. */
  constructor(worker: WorkerLike, onDeath: (error: DocsiftError) => void = () => {}) {
    this.#worker = worker;
    this.#onDeath = onDeath;
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onmessageerror = () => this.#die(new DocsiftError('worker_crashed', 'a reply could not be read'));
    worker.onerror = (event) => {
      event.preventDefault?.();
      this.#die(this.#faultOf(event.message || 'the browser gives no reason'));
    };
    let seconds = 0;
    this.#starting = setInterval(() => {
      seconds += 1;
      if (seconds === START_SECONDS) this.#die(this.#faultOf(`no answer within ${START_SECONDS} s`));
    }, 1000);
    // In Node the worker's thread keeps the process alive as long as it lives; the timer need not.
    Object(this.#starting).unref?.();
  }

  /** Why the worker answers no more; `undefined` while it lives. */
  get dead(): DocsiftError | undefined {
    return this.#dead;
  }

  /** Posts one request and resolves with its reply. Rejects with a `DocsiftError`, also when the worker dies. */
  call<K extends CallName>(call: K, params: Params<K>, options: CallOptions = {}): Promise<Result<K>> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = ++this.#lastId;
    return new Promise<Result<K>>((resolve, reject) => {
      this.#waiting.set(id, {
        resolve: resolve as (value: unknown) => void,
        reject,
        onProgress: options.onProgress,
      });
      try {
        this.#worker.postMessage({ id, call, params } as Request, options.transfer ?? []);
      } catch (thrown) {
        this.#waiting.delete(id);
        const advice = 'pass plain data: strings, numbers, arrays and objects of these';
        reject(
          new DocsiftError('invalid_input', `cannot be sent to a worker: ${messageOf(thrown)}; ${advice}`),
        );
      }
    });
  }

  /** Ends the worker; whatever still waits is rejected with `reason`. */
  close(reason: DocsiftError): void {
    if (this.#dead) return;
    this.#dead = reason;
    this.#hasStarted();
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  #die(error: DocsiftError): void {
    if (this.#dead) return;
    this.close(error);
    this.#onDeath(error);
  }

  #receive(message: Response): void {
    this.#hasStarted();
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if (message.type === 'progress') {
      waiting.onProgress?.(message.loaded, message.total);
      return;
    }
    if (message.type === 'error' && message.fatal) {
      this.#die(DocsiftError.from(message.error));
      return;
    }
    this.#waiting.delete(message.id);
    if (message.type === 'result') waiting.resolve(message.value);
    else waiting.reject(DocsiftError.from(message.error));
  }

  #hasStarted(): void {
    clearInterval(this.#starting);
    this.#starting = undefined;
  }

  #faultOf(detail: string): DocsiftError {
    if (!this.#starting) {
      return new DocsiftError('worker_crashed', `a search worker stopped: ${detail}; it is replaced`);
    }
    return new DocsiftError(
      'worker_failed',
      `the worker script could not be started: ${detail}; ${workerAdvice}`,
    );
  }
}
