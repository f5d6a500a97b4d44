/** Starts the package's search for the element. Only here is anything heavy loaded, and only when asked. */
import { DocsiftError, type ErrorCode, messageOf } from '../errors.js';
import type { Search, SearchOptions } from '../index.js';
import type { Progress } from '../options.js';
import { isRefusedRedirect, redirectOf, redirectRefused } from '../redirects.js';
import type { SearchDocument } from '../types.js';
import { affordableStage, type Device } from './device.js';
import type { EngineSettings } from './settings.js';
import type { OpenedSearch } from './types.js';

type Listener = (progress: Progress) => void;
type Docsift = typeof import('../index.js');
type OwnSearch = OpenedSearch & { search: Search };

interface Engine {
  opened: Promise<OpenedSearch>;
  listeners: Set<Listener>;
  /** What was told last of each file and stage, for those who come to listen later. */
  last: Map<string, Progress>;
}

/** Elements with the same settings share an engine, which stays for as long as the page: it holds the models. */
const engines = new Map<string, Engine>();

/** Starts the search, or joins the one that is there. One that could not be started is forgotten, to be tried again. */
export function openSearch(settings: EngineSettings, onProgress: Listener): Promise<OpenedSearch> {
  const key = JSON.stringify(settings);
  let engine = engines.get(key);
  if (!engine) {
    const listeners = new Set<Listener>();
    const last: Engine['last'] = new Map();
    const tell: Listener = (progress) => {
      last.set(`${progress.stage} ${progress.file ?? ''}`, progress);
      for (const listener of listeners) listener(progress);
    };
    const opened = start(settings, tell);
    engine = { opened, listeners, last };
    engines.set(key, engine);
    opened.catch(() => engines.delete(key));
  }
  engine.listeners.add(onProgress);
  for (const progress of engine.last.values()) onProgress(progress);
  return engine.opened;
}

/** The last stage to go to, by the settings or by what the device can afford. */
export function lastStage({ stages }: EngineSettings) {
  return stages === 'auto' ? affordableStage(globalThis.navigator as Device | undefined) : stages;
}

async function start(settings: EngineSettings, onProgress: Listener): Promise<OpenedSearch> {
  // A function's argument, since bundlers would take the address for that of a file to bundle.
  const address = new URL(settings.index ?? indexNear(import.meta.url), document.baseURI).href;
  const url = address.endsWith('/') ? `${address}index.json` : address;
  // Neither waits for the other; esbuild leaves this import to the browser (web/build.mjs).
  const [docsift, text] = await Promise.all([import('../index.js'), fetchText(url)]);
  const opened = await open(docsift, optionsOf(settings, onProgress), url, text);
  if (settings.offline === undefined) return opened;
  return { ...opened, kept: keepPage(docsift, opened, settings, [url, import.meta.url]) };
}

async function open(docsift: Docsift, options: SearchOptions, url: string, text: string): Promise<OwnSearch> {
  const documents = documentsIn(text, url);
  if (!documents) {
    const search = await docsift.createSearch({ ...options, index: url });
    return { search };
  }
  // On plain HTTP there is neither a digest nor a reliable store.
  if (!globalThis.crypto?.subtle) {
    const search = await docsift.createSearch(options);
    return { search, complete: search.add(documents) };
  }
  const name = await keptName(url, text);
  try {
    const search = await docsift.createSearch({ ...options, restore: name });
    return { search };
  } catch (error) {
    if (!hasCode(error, 'index_not_found', 'invalid_index', 'storage_unavailable')) throw error;
  }
  const search = await docsift.createSearch(options);
  return { search, complete: addAndKeep(docsift, search, documents, name) };
}

/** Once everything is there, so that the search does not wait for it. */
async function keepPage(
  { enableOffline }: Docsift,
  { search, complete }: OwnSearch,
  { offline, workerUrl }: EngineSettings,
  urls: string[],
): Promise<void> {
  await search.ready();
  await complete;
  await search.fetchTexts();
  await enableOffline({ serviceWorkerUrl: offline || undefined, workerUrl, urls });
}

function optionsOf(settings: EngineSettings, onProgress: Listener): SearchOptions {
  const { modelBaseUrl, wasmBaseUrl, workerUrl } = settings;
  const last = lastStage(settings);
  return {
    modelBaseUrl,
    wasmBaseUrl,
    workerUrl,
    onProgress,
    // No model is downloaded that no stage will use.
    models: {
      ...(last === 'lexical' && { embedder: false }),
      ...(last !== 'reranked' && { reranker: false }),
    },
  };
}

function indexNear(script: string): URL {
  return new URL('index.json', script);
}

async function fetchText(url: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { redirect: redirectOf(url) });
  } catch (cause) {
    throw new DocsiftError('download_failed', `${url} could not be fetched: ${messageOf(cause)}`, { cause });
  }
  if (isRefusedRedirect(response)) throw new DocsiftError('download_failed', redirectRefused(url));
  if (response.ok) return response.text();
  throw new DocsiftError(
    'download_failed',
    `${url}: expected an index or documents, found HTTP status ${response.status}; set the attribute index`,
  );
}

/** The documents of a JSON array; `undefined` for the manifest of a prebuilt index. */
function documentsIn(text: string, url: string): SearchDocument[] | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    found = undefined;
  }
  if (Array.isArray(found)) return found;
  if (typeof found === 'object' && found !== null && 'format' in found) return undefined;
  throw new DocsiftError(
    'invalid_index',
    `${url}: expected the manifest of an index or an array of documents, found neither; set the attribute index`,
  );
}

const KEPT_PREFIX = 'docsift-search';

/** Under which name the documents of an address are kept with their vectors: another one when they change. */
async function keptName(url: string, text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  const start = new Uint8Array(digest).subarray(0, 8);
  const hash = Array.from(start, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${KEPT_PREFIX} ${url} ${hash}`;
}

/** Adds the documents, then keeps them for the next visit in place of older ones of the same address. */
async function addAndKeep(
  { listIndexes, deleteIndex }: Docsift,
  search: Search,
  documents: readonly SearchDocument[],
  name: string,
): Promise<void> {
  await search.add(documents);
  const address = name.slice(0, name.lastIndexOf(' ') + 1);
  try {
    await search.save(name);
    for (const other of await listIndexes()) {
      if (other.startsWith(address) && other !== name) await deleteIndex(other);
    }
  } catch {
    // Without storage the search works all the same; the next visit reads the articles again.
  }
}

function hasCode(error: unknown, ...codes: ErrorCode[]): boolean {
  return codes.includes(DocsiftError.from(error).code);
}
