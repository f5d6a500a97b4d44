/**
 * What the build for content delivery networks has in place of `../platform.ts`: the worker's script is in the module
 * itself, since a browser starts no worker from another origin than the page's. It needs `worker-src blob:`.
 */
import type { WorkerLike } from '../engine/client.js';
import { absolute } from '../platform.js';

export { absolute, hardware, network } from '../platform.js';

/** The text of `worker.js`, set by the build. */
declare const DOCSIFT_WORKER: string;

/** Made once: a worker that is replaced needs it again. */
let script: string | undefined;

export function startWorker(url: string | URL | undefined): WorkerLike {
  script ??= URL.createObjectURL(new Blob([DOCSIFT_WORKER], { type: 'text/javascript' }));
  return new Worker(url === undefined ? script : absolute(url), { type: 'module' });
}

export const workerAdvice =
  "allow blob: in worker-src of the Content-Security-Policy, or serve docsift.js and worker.js from the page's own origin";
