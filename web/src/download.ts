/** Small files fetched by the page itself: the runtime and the manifest. Weights are fetched by the engine. */
import { DocsiftError, messageOf } from './errors.js';
import { isRefusedRedirect, redirectOf, redirectRefused } from './redirects.js';

export interface DownloadOptions<T> {
  url: string;
  /** Name of the cache. */
  cacheName: string;
  /** Under what the file is kept, an absolute URL; `undefined` keeps it nowhere. */
  cacheKey: string | undefined;
  /** `cache-first`: for files whose key names their content; `network-first`: for files that change. */
  policy: 'cache-first' | 'network-first';
  /** More than this is not the file, and is not read to its end. */
  maxBytes: number;
  /** Turns the bytes into what is wanted, or throws: then they are fetched again, and never kept. */
  accept: (bytes: Uint8Array<ArrayBuffer>) => T | Promise<T>;
  onProgress?: (loaded: number, total: number) => void;
}

/** What of the browser is used; tests replace it. */
export interface Network {
  fetch: typeof fetch;
  /** Absent in insecure contexts. */
  caches: CacheStorage | undefined;
  /** Waits some milliseconds. */
  sleep: (ms: number) => Promise<void>;
}

/** Pauses before the second and the third attempt. */
const PAUSES_MS = [300, 1200];
/** How long a file that is cached is waited for, where the network has no answer. */
const PATIENCE_MS = 4000;
/** How long the network may send nothing before an attempt is given up. A slow one that sends is waited for. */
const SILENCE_MS = 30_000;

export function browserNetwork(): Network {
  return {
    fetch: (...args) => globalThis.fetch(...args),
    caches: globalThis.caches,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

/** Takes a file from the cache or the network, whichever the policy asks first, and keeps it once it is accepted. */
export async function download<T>(options: DownloadOptions<T>, network = browserNetwork()): Promise<T> {
  const cached = await fromCache(options, network);
  if (cached && options.policy === 'cache-first') return cached.value;
  try {
    return await fromNetwork(options, network, cached ? PATIENCE_MS : undefined);
  } catch (error) {
    if (cached) return cached.value;
    throw error;
  }
}

async function fromCache<T>(
  options: DownloadOptions<T>,
  network: Network,
): Promise<{ value: T } | undefined> {
  const { cacheKey, cacheName, accept } = options;
  if (!cacheKey) return undefined;
  let cache: Cache | undefined;
  try {
    // `caches` can be there and yet refuse, in a sandboxed frame for one.
    cache = await network.caches?.open(cacheName);
    const response = await cache?.match(cacheKey);
    if (!response) return undefined;
    return { value: await accept(new Uint8Array(await response.arrayBuffer())) };
  } catch {
    await cache?.delete(cacheKey).catch(() => false);
    return undefined;
  }
}

async function fromNetwork<T>(
  options: DownloadOptions<T>,
  network: Network,
  patience: number | undefined,
): Promise<T> {
  // With a cached copy at hand, one attempt is enough.
  const pauses = patience === undefined ? PAUSES_MS : [];
  for (let attempt = 0; ; attempt += 1) {
    try {
      // What was bad once may come out of the HTTP cache again.
      const cache: RequestCache = attempt === 0 ? 'default' : 'reload';
      const bytes = await get(options, network, cache, patience);
      const value = await options.accept(bytes);
      await keep(options, network, bytes);
      return value;
    } catch (thrown) {
      const error = DocsiftError.from(thrown, 'download_failed');
      const pause = pauses[attempt];
      if (pause === undefined || (thrown instanceof Refused && !thrown.temporary)) throw error;
      await network.sleep(pause);
    }
  }
}

/** An answer that is not the file; a temporary one may be another the next time. */
class Refused extends DocsiftError {
  readonly temporary: boolean;

  constructor(message: string, temporary: boolean) {
    super('download_failed', message);
    this.temporary = temporary;
  }
}

function refusalOf(url: string, response: Response): Refused | undefined {
  if (isRefusedRedirect(response)) return new Refused(redirectRefused(url), false);
  if (response.ok) return undefined;
  const { status } = response;
  const temporary = status >= 500 || status === 408 || status === 429;
  return new Refused(`${url}: HTTP status ${status}; check that the file is served there`, temporary);
}

async function get(
  { url, maxBytes, onProgress }: DownloadOptions<unknown>,
  network: Network,
  cache: RequestCache,
  patience: number | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const controller = new AbortController();
  const limit = patience ?? SILENCE_MS;
  const start = () => setTimeout(() => controller.abort(), limit);
  let timer = start();
  const onChunk = () => {
    if (patience !== undefined) return;
    clearTimeout(timer);
    timer = start();
  };
  try {
    const init: RequestInit = { cache, redirect: redirectOf(url), signal: controller.signal };
    const response = await network.fetch(url, init);
    const refusal = refusalOf(url, response);
    if (refusal) throw refusal;
    const bytes = await read(response, maxBytes, onChunk);
    onProgress?.(bytes.byteLength, bytes.byteLength);
    return bytes;
  } catch (thrown) {
    if (thrown instanceof DocsiftError) throw thrown;
    const problem = controller.signal.aborted ? `no answer within ${limit / 1000} s` : messageOf(thrown);
    const advice = 'check the connection, and connect-src in the Content-Security-Policy';
    throw new DocsiftError('download_failed', `${url}: ${problem}; ${advice}`);
  } finally {
    clearTimeout(timer);
  }
}

/** The body, or its beginning where it is longer than `maxBytes`: one chunk more than allowed, so that it is refused. */
async function read(
  response: Response,
  maxBytes: number,
  onChunk: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  while (reader && length <= maxBytes) {
    const { done, value } = await reader.read();
    if (done) break;
    onChunk();
    chunks.push(value);
    length += value.byteLength;
  }
  if (length > maxBytes) await reader?.cancel();
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** Keeps accepted bytes; a cache that is full or absent is no failure. */
async function keep(
  { cacheKey, cacheName }: DownloadOptions<unknown>,
  network: Network,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (!cacheKey) return;
  try {
    const cache = await network.caches?.open(cacheName);
    await cache?.put(cacheKey, new Response(bytes));
    await dropOlder(cache, cacheKey);
  } catch {
    // The bytes are used uncached.
  }
}

/** Removes what an earlier release kept of the same file: the same address under another hash. */
async function dropOlder(cache: Cache | undefined, cacheKey: string): Promise<void> {
  const address = withoutQuery(cacheKey);
  for (const { url } of (await cache?.keys()) ?? []) {
    if (url !== cacheKey && withoutQuery(url) === address) await cache?.delete(url);
  }
}

function withoutQuery(url: string): string {
  return url.split('?')[0] as string;
}
