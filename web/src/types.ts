/** The public types of documents and results. */
import type { CollectionCounts } from './engine/protocol.js';
import type { DocsiftError } from './errors.js';

/** A help article. Fields beyond these are kept, and come back with its hits; they must be plain data. */
export interface SearchDocument {
  /** Unique within a search. */
  id: string;
  title: string;
  /** Plain text, or Markdown, whose headings divide it into passages. */
  body: string;
  url?: string | undefined;
  section?: string | undefined;
  /** ISO 8601 date of the last change. */
  updated?: string | undefined;
  [field: string]: unknown;
}

/** The part of a document that answers best. */
export interface Passage {
  text: string;
  /** The heading it stands under. */
  heading?: string | undefined;
  /** The heading's anchor, to link to `url#anchor`. */
  anchor?: string | undefined;
}

/** Plain text with the places of the query's words in it. Set it as text, never as HTML. */
export interface Excerpt {
  text: string;
  /** Start and end (exclusive) of each match, in UTF-16 units, ascending and disjoint. */
  highlights: [start: number, end: number][];
}

export interface Scores {
  /** Cosine of the query's and the passage's embeddings; absent without an embedder, or before the passage has a vector. */
  cosine?: number | undefined;
  /** The cross-encoder's logit; absent where it did not run. */
  cross?: number | undefined;
  bm25: number;
  /** The retriever's score, of cosine and BM25. */
  fused: number;
  /** What the order shown is by: `cross + mixingWeight × cosine` once reranked, else `fused`. */
  final: number;
}

/** A document found, with its best passage. */
export interface Hit {
  id: string;
  document: SearchDocument;
  passage: Passage;
  excerpt: Excerpt;
  scores: Scores;
  /** Its place among the documents, from 1. */
  rank: number;
  /** Its place before reranking. */
  retrievalRank: number;
}

/** One retrieved passage, in the order of the final scores. */
export interface TraceCandidate {
  documentId: string;
  title: string;
  passage: Passage;
  /** `title. heading. text`: what both models read. */
  input: string;
  scores: Scores;
  /** Its place among the passages, from 1. */
  rank: number;
  /** Its place before reranking. */
  retrievalRank: number;
}

/** Milliseconds. */
export interface Timings {
  /** Waiting for models that were still on their way. */
  waiting: number;
  embedQuery: number;
  retrieve: number;
  rerank: number;
  total: number;
}

/** Which stage an order comes from. */
export type Stage = 'lexical' | 'hybrid' | 'reranked';

export interface QueryResult {
  /** Best first. */
  hits: Hit[];
  stage: Stage;
  timings: Timings;
  /** Passages retrieved, and how many of them were reranked. */
  counts: { candidates: number; reranked: number };
  /** Why a later stage is missing. */
  reason?: DocsiftError | undefined;
  /** Every candidate, with `trace: true`. */
  trace?: TraceCandidate[] | undefined;
}

export interface QueryOptions {
  /** How many passages are retrieved and reranked. Default 50. */
  retrieve?: number | undefined;
  /** How many documents are returned. Default 5. */
  limit?: number | undefined;
  /** Whether the result lists every candidate. Default `false`. */
  trace?: boolean | undefined;
  /** Gives the query up; its promise rejects with the signal's reason, an `AbortError` by default. */
  signal?: AbortSignal | undefined;
  /**
   * Called with the result of each stage that ends before the last: `hybrid` before reranking, and `lexical` while
   * the embedder is still being loaded. The promise has the last.
   */
  onUpdate?: ((result: QueryResult) => void) | undefined;
}

/** What a search holds and uses. */
export interface Stats extends CollectionCounts {
  /** Which of the two binaries runs. */
  runtime: 'relaxed' | 'simd128';
  /** The WebAssembly memory of each worker, in bytes. It never shrinks, so this is its peak. */
  memoryBytes: number[];
  models: { embedder: ModelState; reranker: ModelState };
}

/** Where a model stands; `off` where the options leave it out. */
export type ModelState = 'loading' | 'ready' | 'failed' | 'off';
