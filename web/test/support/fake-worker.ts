/** Workers within the test's own thread: the real server of the protocol over a fake engine. */
import type { WorkerLike } from '../../src/engine/client.js';
import type { Request, Response, WorkerKind } from '../../src/engine/protocol.js';
import { type EngineModule, type Port, serve } from '../../src/engine/server.js';
import { fakeLexical } from './fake-engine.js';

export class FakeWorker implements WorkerLike {
  onmessage: WorkerLike['onmessage'] = null;
  onmessageerror: WorkerLike['onmessageerror'] = null;
  onerror: WorkerLike['onerror'] = null;
  terminated = false;
  /** Once it is told. */
  kind: WorkerKind | undefined;
  /** The names of the requests it was sent. */
  readonly calls: string[] = [];
  /** Called before a request is served; may delay it, or kill the worker. */
  before: (request: Request) => unknown = () => {};
  readonly #port: Port = { onmessage: null, postMessage: (message) => this.#reply(message) };
  #queue: Promise<void> = Promise.resolve();

  constructor(engine: EngineModule) {
    serve(this.#port, engine, fakeLexical());
  }

  postMessage(request: Request): void {
    // A module cannot be cloned here, and is not looked at.
    const data = request.call === 'init' ? request : structuredClone(request);
    this.calls.push(request.call);
    if (request.call === 'init') this.kind = request.params.kind;
    this.#queue = this.#queue.then(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.terminated) return;
      await this.before(data);
      if (!this.terminated) this.#port.onmessage?.({ data } as MessageEvent<Request>);
    });
  }

  terminate(): void {
    this.terminated = true;
  }

  /** Fails as a worker does whose script throws. */
  crash(message = 'out of memory'): void {
    this.onerror?.({ message } as ErrorEvent);
  }

  #reply(message: Response): void {
    const data = structuredClone(message);
    setImmediate(() => {
      if (!this.terminated) this.onmessage?.({ data } as MessageEvent<Response>);
    });
  }
}
