/** Node's half of `../platform.ts`: files from disk, and workers that are threads. */
import { availableParallelism, totalmem } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { Network } from '../download.js';
import type { WorkerLike } from '../engine/client.js';
import { DocsiftError } from '../errors.js';
import { readUrl } from './files.js';
import { Thread } from './thread.js';

export function network(): Network {
  return {
    // A file that is not there will not be there in a second: its status is not one that is tried again.
    fetch: async (url) => {
      const bytes = await readUrl(String(url));
      return bytes ? new Response(bytes) : new Response(null, { status: 404 });
    },
    caches: undefined,
    sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
  };
}

export function startWorker(url: string | URL | undefined): WorkerLike {
  return new Thread(url === undefined ? new URL('./node-worker.js', import.meta.url) : absolute(url));
}

export const workerAdvice = 'install the package again, or set workerUrl to its node-worker.js';

/** A URL as it is, or a path of the file system; one letter before a colon is a drive. */
export function absolute(url: string | URL): URL {
  if (url instanceof URL) return url;
  if (!/^[a-z][a-z\d+.-]+:/i.test(url)) return pathToFileURL(url);
  if (URL.canParse(url)) return new URL(url);
  throw new DocsiftError('invalid_options', `expected an address or a path, found "${url}"`);
}

export function hardware(): { hardwareConcurrency: number; deviceMemory: number } {
  return { hardwareConcurrency: availableParallelism(), deviceMemory: totalmem() / 2 ** 30 };
}
