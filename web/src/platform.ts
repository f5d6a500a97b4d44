/**
 * What of its surroundings the package uses. This is a browser's half; the build for Node puts `node/platform.ts` in its
 * place, which exports the same.
 */
import { browserNetwork, type Network } from './download.js';
import type { WorkerLike } from './engine/client.js';
import { DocsiftError } from './errors.js';

/** What the runtime and the manifest are fetched with. */
export function network(): Network {
  return browserNetwork();
}

/** Literal `new URL(…, import.meta.url)`, so that bundlers find the script and take it along. */
export function startWorker(url: string | URL | undefined): WorkerLike {
  if (url !== undefined) return new Worker(absolute(url), { type: 'module' });
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
}

/** What to do when a worker does not start. */
export const workerAdvice =
  'serve worker.js from the same origin as the page, or set workerUrl to a copy that is, and allow it with worker-src in the Content-Security-Policy';

/** The address in full. */
export function absolute(url: string | URL): URL {
  try {
    return new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href);
  } catch {
    throw new DocsiftError('invalid_options', `expected an address, found "${url}"`);
  }
}

/** What the default number of workers is by; `deviceMemory` is in GiB, where the browser tells it. */
export function hardware(): { hardwareConcurrency?: number; deviceMemory?: number } | undefined {
  return globalThis.navigator;
}
