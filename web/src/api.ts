/** What the package exports in browsers and in Node alike. */
export type { Calibration } from './calibration.js';
export type { CollectionCounts, ModelInfo, Precision, Term } from './engine/protocol.js';
export { DocsiftError, type ErrorCode } from './errors.js';
export {
  type CallOptions,
  type Embedder,
  loadEmbedder,
  loadReranker,
  type ModelOptions,
  type Reranker,
} from './models.js';
export type { EngineOptions, ModelChoice, ModelFiles, Progress } from './options.js';
export type { FunctionOptions, RerankFunction, RetrieveFunction } from './query/functions.js';
export type { ScoreCacheOptions } from './query/score-cache.js';
export type { RerankerBudget } from './reranker-choice.js';
export { createSearch, type Search } from './search.js';
export type { RerankerChoice, SearchOptions } from './search-options.js';
export type {
  Boost,
  Condition,
  Excerpt,
  Explanation,
  Facets,
  Hit,
  ModelState,
  Passage,
  PassageStanding,
  QueryOptions,
  QueryResult,
  RerankMode,
  RerankReason,
  RerankReport,
  RetrieveOptions,
  Scalar,
  Scores,
  SearchDocument,
  Stage,
  Stats,
  Timings,
  Trace,
  TraceCandidate,
  TraceStep,
  Where,
} from './types.js';
