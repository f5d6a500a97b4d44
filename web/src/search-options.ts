/** The options of a search, beside those of every entry point. */
import { DocsiftError } from './errors.js';
import type { EngineOptions, ModelChoice } from './options.js';
import type { RerankFunction, RetrieveFunction } from './query/functions.js';
import type { ScoreCacheOptions } from './query/score-cache.js';
import type { RerankerBudget } from './reranker-choice.js';

/** A reranker: its id in the manifest, its files, or how long it may take: the manifest's best that keeps to it then. */
export type RerankerChoice = ModelChoice | RerankerBudget;

export interface SearchOptions extends EngineOptions {
  /**
   * The models, by id in the manifest or by files. `reranker: false` leaves reranking out. `embedder: false` has documents
   * found by their words alone, and reranked only by a reranker that is named, so that nothing large is downloaded.
   * `reranker: { budgetMs }` takes the best of the manifest that reads 50 passages in that time at the embedder's measured
   * speed; else, and where no embedder is loaded, the smallest.
   */
  models?:
    | { embedder?: ModelChoice | false | undefined; reranker?: RerankerChoice | false | undefined }
    | undefined;
  /** The name of a saved index to start with. */
  restore?: string | undefined;
  /**
   * The folder that `docsift index` wrote, or the `index.json` in it: an index made beforehand to start with. A folder's
   * address ends in a slash.
   */
  index?: string | URL | undefined;
  /** Finds documents in place of the embedder and the engine, which are then not loaded for it. */
  retriever?: RetrieveFunction | undefined;
  /** Scores passages in place of the cross-encoder, which is then not loaded. Its scores are not kept. */
  reranker?: RerankFunction | undefined;
  /** How long `retriever` and `reranker` may take, in milliseconds. Default 10 000. */
  timeoutMs?: number | undefined;
  /** How many scores are kept for queries to come, and how long; `false`: none. */
  cacheScores?: ScoreCacheOptions | false | undefined;
}

/** Throws `invalid_options` for what cannot be used. */
export function checkOptions(options: SearchOptions): void {
  const { retriever, reranker, timeoutMs, restore, index, models } = options;
  const fail = (message: string): never => {
    throw new DocsiftError('invalid_options', message);
  };
  for (const [name, value] of Object.entries({ retriever, reranker })) {
    if (value !== undefined && typeof value !== 'function') fail(`${name}: expected a function`);
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0))
    fail(`timeoutMs: expected more than 0, found ${timeoutMs}`);
  if (restore !== undefined && index !== undefined)
    fail('restore and index: expected one of them, found both');
  if (restore !== undefined && (retriever || models?.embedder === false))
    fail(
      'restore: without its embedder a saved index is of no use; leave out restore, or what replaces the embedder',
    );
  if (models?.reranker && isBudget(models.reranker) && !(models.reranker.budgetMs > 0))
    fail(`models.reranker.budgetMs: expected more than 0, found ${models.reranker.budgetMs}`);
  if (index !== undefined && retriever) fail('index and retriever: expected one of them, found both');
}

export function isBudget(choice: RerankerChoice): choice is RerankerBudget {
  return typeof choice === 'object' && 'budgetMs' in choice;
}
