/**
 * Keeps a page's own files, so that it opens with the network off. It keeps what the page asks it to keep
 * (`enableOffline`), answers from the network while there is one, and from what it kept when there is not. Weights and
 * the compiled engine are kept by docsift itself.
 */
import { isRefusedRedirect, redirectOf, redirectRefused } from '../redirects.js';
import type { KeepReply, KeepRequest } from './messages.js';

declare const self: ServiceWorkerGlobalScope;

const CACHE_NAME = 'docsift-pages';
/** When a file that has not come is given up: before the browser ends this worker, and its answer with it. */
const LIMIT_MS = 120_000;

self.addEventListener('install', () => {
  void self.skipWaiting();
});

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener('message', (event) => {
  const { data, ports } = event;
  if (!isKeepRequest(data)) return;
  const reply = (message: KeepReply) => ports[0]?.postMessage(message);
  const keeping = keep(data)
    .catch(async (error) => {
      // With the network off, what an earlier visit kept will do.
      if (error instanceof TypeError && (await areKept(data.needed))) return data.needed.length;
      throw error;
    })
    .then(
      (kept) => reply({ kept }),
      (error) => reply({ error: String(error) }),
    );
  event.waitUntil(keeping);
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(answer(request));
});

/**
 * Fetches every file anew before it keeps any, since a page whose files are of two builds might not run; for the same reason
 * none is kept where there is no room for all. Returns how many were kept.
 */
async function keep({ needed, wanted }: KeepRequest): Promise<number> {
  const fetchAll = (urls: string[]) => urls.map(async (url) => [url, await fetchWhole(url)] as const);
  const responses = await Promise.all(fetchAll(needed));
  for (const outcome of await Promise.allSettled(fetchAll(wanted))) {
    if (outcome.status === 'fulfilled') responses.push(outcome.value);
  }
  const cache = await caches.open(CACHE_NAME);
  const puts = await Promise.allSettled(responses.map(([url, response]) => cache.put(url, response)));
  const failed = puts.find((put) => put.status === 'rejected');
  if (failed) {
    await Promise.all(responses.map(([url]) => cache.delete(url)));
    throw failed.reason;
  }
  return responses.length;
}

async function areKept(urls: string[]): Promise<boolean> {
  const cache = await caches.open(CACHE_NAME);
  return (await Promise.all(urls.map((url) => cache.match(url)))).every(Boolean);
}

async function fetchWhole(url: string): Promise<Response> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const response = await fetch(url, { cache: 'no-cache', redirect: redirectOf(url), signal });
  if (isRefusedRedirect(response)) throw new Error(redirectRefused(url));
  if (response.status !== 200) throw new Error(`${url}: HTTP status ${response.status}`);
  // It may yet break off.
  await response.clone().arrayBuffer();
  return response;
}

async function answer(request: Request): Promise<Response> {
  try {
    // The page's own request, redirects included, as if there were no service worker.
    return await fetch(request);
  } catch (error) {
    // A page is the same whatever its query string.
    const cache = await caches.open(CACHE_NAME);
    const kept = await cache.match(request, { ignoreSearch: request.mode === 'navigate', ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

function isKeepRequest(data: unknown): data is KeepRequest {
  return typeof data === 'object' && data !== null && (data as Partial<KeepRequest>).type === 'docsift:keep';
}
