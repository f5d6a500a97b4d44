/**
 * docsift for Node: the API of `docsift`, with worker threads for workers and files from disk. It is for indexing at
 * build time and for measuring; the options that name files take paths as well as URLs, and `cache` means nothing.
 */
export type { CollectionCounts, ModelInfo, Precision } from '../engine/protocol.js';
export { DocsiftError, type ErrorCode } from '../errors.js';
export {
  type CallOptions,
  type Embedder,
  loadEmbedder,
  loadReranker,
  type ModelOptions,
  type Reranker,
} from '../models.js';
export type { EngineOptions, ModelChoice, ModelFiles, Progress } from '../options.js';
export { createSearch, type Search, type SearchOptions } from '../search.js';
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
} from '../types.js';
