/**
 * Keeps a page's own files, so that it opens with the network off. It keeps what the page asks it to keep
 * (`enableOffline`), answers from the network while there is one, and from what it kept when there is not. Weights and
 * the compiled engine are kept by docsift itself.
 */
import type { KeepReply, KeepRequest } from './messages.js';

declare const self: ServiceWorkerGlobalScope;

const CACHE_NAME = 'docsift-pages';

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
  const keeping = keep(data.urls).then(
    () => reply({ kept: data.urls.length }),
    (error) => reply({ error: String(error) }),
  );
  event.waitUntil(keeping);
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(answer(request));
});

/** Fetches every file anew before it keeps any: a page whose files are of two builds might not run. */
async function keep(urls: readonly string[]): Promise<void> {
  const responses = await Promise.all(urls.map((url) => fetch(url, { cache: 'no-cache' })));
  const refused = responses.find(({ ok }) => !ok);
  if (refused) throw new Error(`${refused.url}: HTTP status ${refused.status}`);
  const cache = await caches.open(CACHE_NAME);
  await Promise.all(responses.map((response, i) => cache.put(urls[i] as string, response)));
}

async function answer(request: Request): Promise<Response> {
  try {
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
