/** The page's half of working offline. */
import { DocsiftError, messageOf } from '../errors.js';
import { PART_FILE } from '../site-index.js';
import type { KeepReply, KeepRequest } from './messages.js';

export interface OfflineOptions {
  /**
   * Address of `docsift-sw.js`. A service worker serves only what lies in or below its own folder, so copy it to where
   * the page is. Default: beside the page.
   */
  serviceWorkerUrl?: string | URL | undefined;
  /** Files to keep beyond the page and what it has loaded so far. */
  urls?: readonly (string | URL)[] | undefined;
  /** The worker script, as in the options of `createSearch`. */
  workerUrl?: string | URL | undefined;
}

/** When no answer is waited for any more: browsers end a service worker that works on one message for longer. */
const LIMIT_MS = 300_000;
const MODEL_OR_WASM = /\.(wasm|gguf|safetensors)$/;

/**
 * Makes the page open with the network off: registers the service worker and has it keep the page, what the page has
 * loaded from its own origin, the worker script and the files named. Resolves when all are kept, now or
 * by an earlier visit. Needs HTTPS or localhost. Call it once the page has loaded what it needs.
 */
export async function enableOffline(options: OfflineOptions = {}): Promise<void> {
  if (!navigator.serviceWorker) {
    throw new DocsiftError(
      'storage_unavailable',
      'service workers are not available; serve the page over HTTPS',
    );
  }
  const worker = await activeWorker(options.serviceWorkerUrl ?? 'docsift-sw.js');
  const { port1: port, port2 } = new MessageChannel();
  let late: ReturnType<typeof setTimeout> | undefined;
  const answer = new Promise<KeepReply>((resolve) => {
    port.onmessage = ({ data }) => resolve(data);
    const error = `the service worker gave no answer within ${LIMIT_MS / 60_000} minutes; try again`;
    late = setTimeout(() => resolve({ error }), LIMIT_MS);
  });
  const request: KeepRequest = { type: 'docsift:keep', ...filesOf(options) };
  worker.postMessage(request, [port2]);
  const reply = await answer;
  clearTimeout(late);
  port.close();
  if ('error' in reply) {
    throw new DocsiftError('download_failed', `the page could not be kept for offline use: ${reply.error}`);
  }
}

async function activeWorker(url: string | URL): Promise<ServiceWorker> {
  try {
    const registration = await navigator.serviceWorker.register(new URL(url, document.baseURI));
    const worker = registration.active ?? registration.waiting ?? registration.installing;
    if (!worker) throw new Error('it has no worker');
    return worker;
  } catch (thrown) {
    const advice = 'copy docsift-sw.js from the package to the folder of the page';
    throw new DocsiftError('worker_failed', `the service worker ${url}: ${messageOf(thrown)}; ${advice}`);
  }
}

function filesOf({ urls = [], workerUrl }: OfflineOptions): Omit<KeepRequest, 'type'> {
  const worker = workerUrl ?? new URL('./worker.js', import.meta.url);
  // Not with its query string: what somebody searched for may be in it, and is no part of the page.
  const page = location.origin + location.pathname;
  const needed = ownFiles([page, import.meta.url, worker, ...urls]);
  const loaded = ownFiles(loadedFiles());
  return { needed, wanted: loaded.filter((url) => !needed.includes(url)) };
}

/** The files that the page has loaded so far. What a script asked with a query string is an answer, and no file. */
function loadedFiles(): string[] {
  const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  const isAnswer = ({ name, initiatorType }: PerformanceResourceTiming) =>
    name.includes('?') && (initiatorType === 'fetch' || initiatorType === 'xmlhttprequest');
  return entries.filter((entry) => !isAnswer(entry)).map(({ name }) => name);
}

/** Whether docsift keeps it in its own cache. */
function isKeptElsewhere(pathname: string): boolean {
  return MODEL_OR_WASM.test(pathname) || PART_FILE.test(pathname);
}

/** The absolute addresses of those that are of the page's origin, and not in docsift's own cache, each once. */
function ownFiles(urls: readonly (string | URL)[]): string[] {
  const own = urls
    .map((url) => new URL(url, document.baseURI))
    .filter(({ origin, pathname }) => origin === location.origin && !isKeptElsewhere(pathname));
  return [...new Set(own.map(({ href }) => href.split('#')[0] as string))];
}
