/** The two models by themselves, for callers with a retrieval of their own. */
import { launch } from './engine/launch.js';
import type { Pool } from './engine/pool.js';
import type { ModelInfo, Role } from './engine/protocol.js';
import { DocsiftError } from './errors.js';
import { type EngineOptions, ModelCatalogue, type ModelChoice, resolveOptions } from './options.js';

export interface ModelOptions extends EngineOptions {
  /** The model: its id in the manifest, or its files. Default: the manifest's default. */
  model?: ModelChoice | undefined;
}

export interface CallOptions {
  /** Gives the work up; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface Embedder {
  /** Length of an embedding. */
  readonly dims: number;
  readonly info: ModelInfo;
  /** Embeds texts: `texts.length × dims` values, one unit-length row per text, in their order. */
  embed(texts: readonly string[], options?: CallOptions): Promise<Float32Array>;
  /** Ends the workers; what still waits is rejected with the code `closed`. */
  close(): void;
}

export interface Reranker {
  readonly info: ModelInfo;
  /** Scores passages against a query: one logit each, higher is better, in their order. */
  rerank(query: string, passages: readonly string[], options?: CallOptions): Promise<Float32Array>;
  /** Ends the workers; what still waits is rejected with the code `closed`. */
  close(): void;
}

/** Downloads and starts a bi-encoder. */
export async function loadEmbedder(options: ModelOptions = {}): Promise<Embedder> {
  const { pool, info } = await loadModel('embedder', options);
  return {
    dims: info.dims,
    info,
    async embed(texts, { signal } = {}) {
      checkTexts(texts, 'texts');
      return pool.embed(texts, { priority: 'query', signal });
    },
    close: () => pool.close(),
  };
}

/** Downloads and starts a cross-encoder. */
export async function loadReranker(options: ModelOptions = {}): Promise<Reranker> {
  const { pool, info } = await loadModel('reranker', options);
  return {
    info,
    async rerank(query, passages, { signal } = {}) {
      checkTexts([query], 'query');
      checkTexts(passages, 'passages');
      return pool.score(query, passages, { priority: 'query', signal });
    },
    close: () => pool.close(),
  };
}

async function loadModel(role: Role, options: ModelOptions): Promise<{ pool: Pool; info: ModelInfo }> {
  const settings = resolveOptions(options);
  const [model, { pool }] = await both(
    new ModelCatalogue(settings).resolve(role, options.model),
    launch(settings),
  );
  try {
    return { pool, info: await pool.load(role, model.source) };
  } catch (error) {
    pool.close();
    throw error;
  }
}

/** Waits for both, and closes the workers where the model is not to be had. */
async function both<M>(model: Promise<M>, launched: ReturnType<typeof launch>) {
  try {
    return await Promise.all([model, launched]);
  } catch (error) {
    launched.then(({ pool }) => pool.close()).catch(() => {});
    throw error;
  }
}

function checkTexts(texts: readonly string[], name: string): void {
  if (Array.isArray(texts) && texts.every((text) => typeof text === 'string')) return;
  throw new DocsiftError('invalid_input', `${name}: expected text, found something else; pass strings`);
}
