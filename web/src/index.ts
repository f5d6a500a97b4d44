/**
 * docsift: search of help articles inside the browser. A bi-encoder retrieves passages, a cross-encoder reranks them,
 * both in WebAssembly, in workers. Importing this module touches nothing of the browser.
 */
export type { CollectionCounts, ModelInfo, Precision } from './engine/protocol.js';
export { DocsiftError, type ErrorCode } from './errors.js';
export {
  type CallOptions,
  type Embedder,
  loadEmbedder,
  loadReranker,
  type ModelOptions,
  type Reranker,
} from './models.js';
export { enableOffline, type OfflineOptions } from './offline/enable.js';
export type { EngineOptions, ModelChoice, ModelFiles, Progress } from './options.js';
export { createSearch, type Search, type SearchOptions } from './search.js';
export { deleteIndex, listIndexes } from './store.js';
export type {
  Excerpt,
  Hit,
  ModelState,
  Passage,
  QueryOptions,
  QueryResult,
  Scores,
  SearchDocument,
  Stage,
  Stats,
  Timings,
  TraceCandidate,
} from './types.js';
