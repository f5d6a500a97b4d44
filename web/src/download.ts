/** Files fetched by the page itself: the runtime, manifests and the parts of an index. Weights are fetched by the engine. */
import { DocsiftError, messageOf } from './errors.js';
import { isRefusedRedirect, redirectOf, redirectRefused } from './redirects.js';
import { inTurn } from './turns.js';

export interface DownloadOptions<T> {
  url: string;
  /** Name of the cache. */
  cacheName: string;
  /** Under what the file is kept, an absolute URL; `undefined` keeps it nowhere. */
  cacheKey: string | undefined;
  /** `cache-first`: for files whose key names their content; `network-first`: for files that change. */
  policy: 'cache-first' | 'network-first';
  /**
   * What becomes of bytes that are accepted: kept `instead` of what the same address had under another key (the default),
   * `beside` all else, for addresses that name their content, or `not` yet: see `keepFile`.
   */
  keep?: 'instead' | 'beside' | 'not';
  /** Gives up; the promise then rejects. */
  signal?: AbortSignal | undefined;
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
/** How long the cache may take over one file. Where site data is cleared meanwhile, Chromium may never answer a `put`. */
const CACHE_MS = 20_000;

export function browserNetwork(): Network {
  return {
    fetch: (...args) => globalThis.fetch(...args),
    caches: cacheStorage(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

/** A sandboxed frame is refused it by an exception. */
function cacheStorage(): CacheStorage | undefined {
  try {
    return globalThis.caches;
  } catch {
    return undefined;
  }
}

/** Takes a file from the cache or the network, whichever the policy asks first, and keeps it once it is accepted. */
export async function download<T>(options: DownloadOptions<T>, network = browserNetwork()): Promise<T> {
  const cached = await fromCache(options, network);
  if (options.policy === 'cache-first') return cached ? cached.value : fetchOnce(options, network);
  try {
    return await fromNetwork(options, network, cached ? PATIENCE_MS : undefined);
  } catch (error) {
    if (cached) return cached.value;
    throw error;
  }
}

/** Of several tabs that want a file, one fetches it, and the others take what that one has kept. */
function fetchOnce<T>(options: DownloadOptions<T>, network: Network): Promise<T> {
  const { cacheKey, signal } = options;
  const fetchIt = () => fromNetwork(options, network, undefined);
  if (!cacheKey || !network.caches) return fetchIt();
  const take = async () => {
    const kept = await fromCache(options, network);
    return kept ? kept.value : fetchIt();
  };
  return inTurn(`docsift-file:${cacheKey}`, take, signal);
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
    cache = await answered(network.caches?.open(cacheName));
    const response = await answered(cache?.match(cacheKey));
    if (!response) return undefined;
    return { value: await accept(new Uint8Array(await answered(response.arrayBuffer()))) };
  } catch {
    await answered(cache?.delete(cacheKey)).catch(() => false);
    return undefined;
  }
}

/** What a cache answers; rejects where it does not in time, so that a search goes on without it. */
async function answered<T>(asked: T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the cache does not answer')), CACHE_MS);
  });
  try {
    return await Promise.race([asked, silence]);
  } finally {
    clearTimeout(timer);
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
      await keepFile(options, network, bytes);
      return value;
    } catch (thrown) {
      const error = DocsiftError.from(thrown, 'download_failed');
      const pause = pauses[attempt];
      const hopeless = options.signal?.aborted || (thrown instanceof Refused && !thrown.temporary);
      if (pause === undefined || hopeless) throw error;
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
  { url, maxBytes, signal, onProgress }: DownloadOptions<unknown>,
  network: Network,
  cache: RequestCache,
  patience: number | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const controller = new AbortController();
  const giveUp = () => controller.abort(signal?.reason);
  if (signal?.aborted) giveUp();
  signal?.addEventListener('abort', giveUp);
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
    const bytes = await readUpTo(response, maxBytes, onChunk);
    onProgress?.(bytes.byteLength, bytes.byteLength);
    return bytes;
  } catch (thrown) {
    if (thrown instanceof DocsiftError) throw thrown;
    const silent = controller.signal.aborted && !signal?.aborted;
    const problem = silent ? `no answer within ${limit / 1000} s` : messageOf(thrown);
    const advice = 'check the connection, and connect-src in the Content-Security-Policy';
    throw new DocsiftError('download_failed', `${url}: ${problem}; ${advice}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

/** The body, or its beginning where it is longer than `maxBytes`: one chunk more than allowed, so that it is refused. */
export async function readUpTo(
  response: Response,
  maxBytes: number,
  onChunk = () => {},
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
export async function keepFile(
  {
    cacheKey,
    cacheName,
    keep = 'instead',
  }: Pick<DownloadOptions<unknown>, 'cacheKey' | 'cacheName' | 'keep'>,
  network: Network,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (!cacheKey || keep === 'not') return;
  try {
    const cache = await answered(network.caches?.open(cacheName));
    await answered(cache?.put(cacheKey, new Response(bytes)));
  } catch {
    // The bytes are used uncached.
    return;
  }
  if (keep === 'beside') return;
  // What an earlier release kept of the same file: the same address under another hash.
  const address = withoutQuery(cacheKey);
  await dropFiles(cacheName, network, (url) => url !== cacheKey && withoutQuery(url) === address);
}

/** Removes what was kept under some keys. */
export async function dropFiles(
  cacheName: string,
  network: Network,
  isOld: (url: string) => boolean,
): Promise<void> {
  try {
    const cache = await answered(network.caches?.open(cacheName));
    for (const { url } of (await answered(cache?.keys())) ?? [])
      if (isOld(url)) await answered(cache?.delete(url));
  } catch {
    // It takes room, and does no harm.
  }
}

/**
 * Checks length and hash. Without a secure context there is no hash function, only the length is checked, and there is no
 * cache to spoil.
 */
export async function verified(
  bytes: Uint8Array<ArrayBuffer>,
  { bytes: length, sha256 }: { bytes: number; sha256: string },
  url: string,
  advice: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes.byteLength !== length) {
    throw new DocsiftError(
      'integrity',
      `${url}: expected ${length} bytes, found ${bytes.byteLength}; ${advice}`,
    );
  }
  if (!globalThis.crypto?.subtle) return bytes;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (found !== sha256) {
    throw new DocsiftError('integrity', `${url}: expected sha256 ${sha256}, found ${found}; ${advice}`);
  }
  return bytes;
}

function withoutQuery(url: string): string {
  return url.split('?')[0] as string;
}
