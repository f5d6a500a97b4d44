/** Starts the workers of one search or model. */

import { workerAdvice } from '#platform';
import { DocsiftError, messageOf } from '../errors.js';
import type { Settings } from '../options.js';
import { loadLexical, loadRuntime, type Variant } from '../runtime.js';
import { EngineClient, type WorkerLike } from './client.js';
import { Pool, type PoolOptions } from './pool.js';

/** Fetches the engine and starts the workers; resolves when the first takes requests. */
export async function launch(
  settings: Settings,
  onPrimaryReplaced?: PoolOptions['onPrimaryReplaced'],
): Promise<{ pool: Pool; variant: Variant }> {
  const onDownload = (loaded: number, total: number, file: string) =>
    settings.onProgress({ stage: 'download', loaded, total, file });
  const { module, variant } = await loadRuntime({
    urlOf: settings.wasmUrlOf,
    cache: settings.cache,
    onProgress: onDownload,
  });
  const pool = new Pool({
    size: settings.workers,
    spawn: (onDeath) => new EngineClient(startWorker(settings), onDeath),
    module,
    precision: settings.precision,
    cache: settings.cache,
    onDownload,
    onPrimaryReplaced,
  });
  try {
    await pool.primary();
  } catch (error) {
    pool.close();
    throw error;
  }
  return { pool, variant };
}

/** Has a function that starts a worker with the lexical half; its binary is fetched once. */
export function lexicalStarter(settings: Settings): () => Promise<EngineClient> {
  let module: Promise<WebAssembly.Module> | undefined;
  return async () => {
    module ??= loadLexical({ urlOf: settings.wasmUrlOf, cache: settings.cache, onProgress: () => {} });
    const compiled = await module;
    const client = new EngineClient(startWorker(settings));
    await client.call('init', { module: compiled, kind: 'lexical' });
    return client;
  };
}

function startWorker({ spawnWorker }: Settings): WorkerLike {
  try {
    return spawnWorker();
  } catch (thrown) {
    throw new DocsiftError(
      'worker_failed',
      `the worker could not be started: ${messageOf(thrown)}; ${workerAdvice}`,
    );
  }
}
