/** Puts a browser's globals in place: workers over the fake engine, a server, IndexedDB. */
import 'fake-indexeddb/auto';
import type { Request } from '../../src/engine/protocol.js';
import { type FakeNetwork, fakeEngine } from './fake-engine.js';
import { FakeWorker } from './fake-worker.js';

const EMPTY_MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
const entry = (role: string, file: string, more: object = {}) => {
  return {
    role,
    file,
    bytes: 7,
    sha256: file.charCodeAt(0).toString(16).padStart(64, '0'),
    revision: '1',
    ...more,
  };
};

export const MANIFEST = {
  version: 1,
  defaults: { embedder: 'mini', reranker: 'cross' },
  models: {
    mini: entry('embedder', 'mini.gguf'),
    other: entry('embedder', 'other.gguf'),
    cross: entry('reranker', 'cross.gguf', { mixingWeight: 2, macsPerToken: 10_616_832 }),
    refused: entry('reranker', 'refused.gguf', { macsPerToken: 2000 }),
    nan: entry('reranker', 'nan.gguf', { macsPerToken: 1000 }),
  },
};

export interface FakeBrowser {
  /** In the order of their starts. */
  all: FakeWorker[];
  /** Of them, those that run the engine, and those that run its lexical half. */
  readonly workers: FakeWorker[];
  readonly lexical: FakeWorker[];
  /** Called before any worker serves a request. */
  before: (request: Request, worker: FakeWorker) => unknown;
  /** Answers requests for the binaries. */
  wasm: (url: string) => Response | Promise<Response>;
  /** What `manifest.json` answers. */
  manifest: string;
  /** Model files. */
  network: FakeNetwork & { scored: string[] };
}

export function installBrowser(): FakeBrowser {
  const browser: FakeBrowser = {
    all: [],
    get workers() {
      return this.all.filter(({ kind }) => kind === 'engine');
    },
    get lexical() {
      return this.all.filter(({ kind }) => kind === 'lexical');
    },
    before: () => {},
    wasm: () => new Response(EMPTY_MODULE),
    manifest: JSON.stringify(MANIFEST),
    network: {
      fetched: [],
      scored: [],
      files: { 'refused.gguf': 'bad', 'nan.gguf': 'nan', 'other.gguf': 'other weights' },
    },
  };
  class BrowserWorker extends FakeWorker {
    constructor() {
      super(fakeEngine(browser.network));
      browser.all.push(this);
      this.before = (request) => browser.before(request, this);
    }
  }
  const fetchFile = async (url: string | URL) => {
    return String(url).endsWith('manifest.json') ? new Response(browser.manifest) : browser.wasm(String(url));
  };
  Object.assign(globalThis, { Worker: BrowserWorker, fetch: fetchFile });
  return browser;
}
