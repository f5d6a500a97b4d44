/** The worker's half of the protocol: serves requests with an engine. */
import { DocsiftError, type ErrorRecord, isErrorRecord, messageOf } from '../errors.js';
import type { CallName, Params, Request, Response, Result } from './protocol.js';

/** The exports of the compiled engine. */
export type EngineModule = Omit<typeof import('#wasm'), 'packModel'>;
type Engine = InstanceType<EngineModule['Engine']>;

/** The exports of the compiled lexical half. */
export type LexicalModule = typeof import('#lexical');

/** The part of a worker's global scope, or of a `MessagePort`, that serving needs. */
export interface Port {
  postMessage(message: Response, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
}

type Report = (loaded: number, total: number) => void;
type Handlers = {
  [K in CallName]: (params: Params<K>, report: Report) => Result<K> | Promise<Result<K>>;
};

/**
 * Serves the requests that arrive at `port` until the engine traps; from then on every reply is that fault. The first
 * request, `init`, says whether the engine serves, or its lexical half.
 */
export function serve(port: Port, wasm: EngineModule, lexical?: LexicalModule): void {
  let handlers: Partial<Handlers> = {
    init({ module, kind }) {
      handlers = kind === 'lexical' ? lexicalHandlers(lexical, module) : engineHandlers(wasm, module);
      return undefined;
    },
  };
  let fault: ErrorRecord | undefined;

  port.onmessage = async ({ data }) => {
    const { id } = data;
    try {
      if (fault) throw fault;
      const report: Report = (loaded, total) => port.postMessage({ id, type: 'progress', loaded, total }, []);
      // The handler of a name takes the parameters of that name; TypeScript cannot correlate the two.
      const handle = handlers[data.call] as ((params: unknown, report: Report) => unknown) | undefined;
      if (!handle) throw new DocsiftError('internal', `this worker takes no request "${data.call}"`);
      const value = await handle(data.params, report);
      port.postMessage({ id, type: 'result', value }, transferable(value));
    } catch (thrown) {
      if (!isErrorRecord(thrown)) fault = crashed(thrown);
      const error = fault ?? toRecord(thrown as ErrorRecord);
      port.postMessage({ id, type: 'error', error, fatal: fault !== undefined }, []);
    }
  };
}

function engineHandlers(wasm: EngineModule, module: WebAssembly.Module): Partial<Handlers> {
  wasm.initSync({ module });
  const engine: Engine = new wasm.Engine();
  return {
    async fetch({ url, spec, cache }, report) {
      return ownBuffer(await wasm.fetchFile(url, defined(spec), cache, report));
    },
    load({ role, bytes, precision }) {
      const files = [new Uint8Array(bytes.weights), view(bytes.config), view(bytes.tokenizer)] as const;
      return role === 'embedder'
        ? engine.loadEmbedder(...files, precision)
        : engine.loadReranker(...files, precision, view(bytes.words));
    },
    embed: ({ texts }) => engine.embed(texts),
    score: ({ query, passages }) => engine.score(query, passages),
    createCollection: ({ fingerprint }) => void engine.createCollection(fingerprint),
    restoreCollection: ({ bytes, fingerprint }) =>
      void engine.restoreCollection(new Uint8Array(bytes), fingerprint),
    openIndex: ({ manifest, parts }) => void engine.openIndex(manifest, [...parts]),
    addPart: ({ file, bytes }) => engine.addPart(file, bytes),
    exportParts: ({ modelId }) => engine.exportParts(modelId),
    saveCollection: () => ownBuffer(engine.saveCollection()),
    addDocuments: ({ documents, replace }) => engine.addDocuments([...documents], replace),
    removeDocuments: ({ ids }) => engine.removeDocuments([...ids]),
    pending: ({ maxTokens }) => engine.pending(maxTokens),
    setVectors: ({ ids, vectors }) => void engine.setVectors(ids, vectors),
    counts: () => engine.counts(),
    retrieve: ({ query, vector, options }) => engine.retrieve(query, vector, options),
    corrected: ({ query, typing }) => engine.corrected(query, typing),
    memory: () => engine.memoryBytes(),
  };
}

function lexicalHandlers(wasm: LexicalModule | undefined, module: WebAssembly.Module): Partial<Handlers> {
  if (!wasm) throw new Error('this worker has no lexical half');
  wasm.initSync({ module });
  const index = new wasm.Lexical();
  return {
    addDocuments({ documents, replace }) {
      index.add([...documents], replace);
      return 0;
    },
    openIndex: ({ manifest, parts }) => void index.openIndex(manifest, [...parts]),
    addPart: ({ file, bytes }) => index.addPart(file, bytes),
    removeDocuments: ({ ids }) => index.remove([...ids]),
    counts: () => index.counts(),
    retrieve: ({ query, options }) => index.search(query, options),
  };
}

/** Anything but a typed error is a trap (a Rust panic ends in one), and leaves the instance in no defined state. */
function crashed(thrown: unknown): ErrorRecord {
  const message = `the search engine stopped in mid-work: ${messageOf(thrown)}; its worker is replaced`;
  return { name: 'DocsiftError', code: 'worker_crashed', message };
}

function toRecord({ name, code, message }: ErrorRecord): ErrorRecord {
  return { name, code, message };
}

function view(buffer: ArrayBuffer | undefined): Uint8Array | undefined {
  return buffer && new Uint8Array(buffer);
}

/** The bytes as a buffer of exactly their length, so that it can be transferred. */
function ownBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}

/** Without the keys whose value is `undefined`: to the engine, a key that is there has a value. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as ReturnType<
    typeof defined<T>
  >;
}

/** The buffers in a reply, directly or in a list, which are moved and not copied. */
function transferable(value: unknown): Transferable[] {
  if (value instanceof ArrayBuffer) return [value];
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.values(value)
    .flat()
    .flatMap((part) => (ArrayBuffer.isView(part) ? transferable(part) : []));
}
