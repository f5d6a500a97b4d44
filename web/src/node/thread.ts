/** A worker thread with the interface of a browser's `Worker`. */
import { Worker } from 'node:worker_threads';
import type { WorkerLike } from '../engine/client.js';
import type { Request, Response } from '../engine/protocol.js';

export class Thread implements WorkerLike {
  onmessage: WorkerLike['onmessage'] = null;
  onmessageerror: WorkerLike['onmessageerror'] = null;
  onerror: WorkerLike['onerror'] = null;
  readonly #worker: Worker;
  #unanswered = 0;

  constructor(script: URL) {
    this.#worker = new Worker(script);
    this.#worker.on('message', (data: Response) => {
      if (data.type !== 'progress') this.#count(-1);
      this.onmessage?.({ data } as MessageEvent<Response>);
    });
    this.#worker.on('messageerror', (data) => this.onmessageerror?.({ data } as MessageEvent));
    this.#worker.on('error', (error) => this.onerror?.(error as unknown as ErrorEvent));
    // Out of memory, say; an error comes before, and then this is heard no more.
    this.#worker.on('exit', (code) => this.onerror?.({ message: `exit code ${code}` } as ErrorEvent));
  }

  postMessage(message: Request, transfer: Transferable[]): void {
    this.#worker.postMessage(message, transfer as Parameters<Worker['postMessage']>[1]);
    this.#count(1);
  }

  terminate(): void {
    this.onerror = null;
    void this.#worker.terminate();
  }

  /** While nothing is asked of it, a thread does not keep the process alive: a script ends without `close`. */
  #count(change: number): void {
    this.#unanswered += change;
    if (this.#unanswered > 0) this.#worker.ref();
    else this.#worker.unref();
  }
}
