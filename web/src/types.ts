/** The public types of documents, queries and results. */
import type { CollectionCounts, Term } from './engine/protocol.js';
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

/** A value that fields are compared with. */
export type Scalar = string | number | boolean;

/** What one field has to be. A field that is a list fits when any of its members does. */
export type Condition =
  | Scalar
  /** Any of these. */
  | readonly Scalar[]
  /** None of these; a document without the field fits. */
  | { not: Scalar | readonly Scalar[] }
  /** Within bounds, both included; strings are compared as text, which orders ISO 8601 dates. */
  | { min?: Scalar | undefined; max?: Scalar | undefined };

/** What documents have to be to be found: every condition has to hold. */
export type Where = { readonly [field: string]: Condition };

/**
 * What is added to the fused score of a document's passages: by a field's value, or by a date: `newest` for the
 * newest document of the search, and half of that for one `halfLifeDays` older.
 */
export type Boost = {
  readonly [field: string]: { readonly [value: string]: number } | { newest: number; halfLifeDays: number };
};

/** How often each value of a field occurs among the documents that were matched. */
export type Facets = { [field: string]: { [value: string]: number } };

/**
 * Which of the passages found are reranked. `all`: every one, the same on every device. `auto`: every one, but none
 * where reranking does not help: exact titles, identifiers, fewer passages than the limit, a query still being typed.
 * `budgetMs`: as many as this device reranks in about so many milliseconds. `false`: none.
 */
export type RerankMode = 'all' | 'auto' | false | { budgetMs: number };

/** What decides which documents are found, and in which order the retriever has them. */
export interface RetrieveOptions {
  /** How many passages are retrieved. Default 50. */
  retrieve?: number | undefined;
  /** Only documents that fulfil this are found. */
  where?: Where | undefined;
  boost?: Boost | undefined;
  /** The query is still being typed: its last word may be the beginning of one. Default `false`. */
  typing?: boolean | undefined;
  /**
   * Whether the models read the words of the query that are misspelt as the documents spell them: those that neither the
   * documents nor the model's vocabulary have, and that are near to one that the documents have. Default `true`.
   */
  correct?: boolean | undefined;
}

export interface QueryOptions extends RetrieveOptions {
  /** How many documents are returned. Default 5. */
  limit?: number | undefined;
  /**
   * From 0 to 1: documents whose `score` is below it are left out, of stages that have probabilities; what the words have
   * found is shown whole until then. Without effect where the models have no calibration. Default: nothing is left out.
   */
  minScore?: number | undefined;
  /** Which passages are reranked. Default `all`. */
  rerank?: RerankMode | undefined;
  /** Passages are cut to about so many tokens for reranking. Default: not at all, or as a budget has it. */
  rerankTokens?: number | undefined;
  /** Fields whose values are counted. */
  facets?: readonly string[] | undefined;
  /** Whether results tell how they came about. Default `false`. */
  trace?: boolean | undefined;
  /** Gives the query up; it rejects with the signal's reason, an `AbortError` by default. */
  signal?: AbortSignal | undefined;
}

/** A part of a document. */
export interface Passage {
  /** Empty while its part of an index is on its way, or not to be had; the result's `reason` says why. */
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
  /** The cross-encoder's logit; absent where it did not run, or not yet. */
  cross?: number | undefined;
  /** The cross-encoder's logit of what its document opens with; absent where that was not read, or not yet. */
  opening?: number | undefined;
  bm25: number;
  /** What `boost` added to the fused score. */
  boost: number;
  /** The retriever's score, of cosine, BM25 and boost. */
  fused: number;
  /**
   * `cross + mixingWeight × fused` once reranked, else `fused`. What was reranked comes before what was not; of that, what
   * has an `opening`, of which `cross` is then taken to be `openingShare`. `cross` counts less where the query has more than 16 words and the mixing weight is not 0.
   */
  final: number;
}

/** A document found, with its best passage. */
export interface Hit {
  id: string;
  document: SearchDocument;
  /** The one that answers best. */
  passage: Passage;
  /** The document's other passages among the candidates, best first. */
  passages: Passage[];
  excerpt: Excerpt;
  /**
   * The probability, from 0 to 1, that the best passage answers the query, by the calibration of the model that the order
   * is of; it never rises with rank. Absent in the lexical stage, and where that model has no calibration.
   */
  score?: number | undefined;
  /** Of the best passage. */
  scores: Scores;
  /** Its place among the documents, from 1. */
  rank: number;
  /** Its place before reranking. */
  retrievalRank: number;
}

/** Milliseconds. */
export interface Timings {
  /** Waiting for the engine and the models that were still on their way. */
  waiting: number;
  /** Finding passages by their words alone. */
  lexical: number;
  embedQuery: number;
  retrieve: number;
  rerank: number;
  total: number;
}

/** Which stage an order comes from. */
export type Stage = 'lexical' | 'hybrid' | 'reranked';

/**
 * Why so many passages were reranked, or none. `all`, `budget`: as was asked. `auto`: none of its rules applied. `pending`: reranking is yet to come.
 * `off`: the query's `rerank` or the search's `models.reranker` is `false`. `typing`, `exact_title`, `identifier` and
 * `few_passages`: the rules of `auto`. `nothing_found`; `failed`: see `reason`.
 */
export type RerankReason =
  | 'all'
  | 'auto'
  | 'budget'
  | 'pending'
  | 'off'
  | 'typing'
  | 'exact_title'
  | 'identifier'
  | 'few_passages'
  | 'nothing_found'
  | 'failed';

/** What was reranked, and why. */
export interface RerankReport {
  mode: 'all' | 'auto' | 'budget' | 'off';
  /** Passages reranked so far. */
  candidates: number;
  /** How many of them were taken from the score cache. */
  cached: number;
  /** Tokens that the cross-encoder has read, about; none for what was cached. */
  tokens: number;
  why: RerankReason;
}

export interface QueryResult {
  /** Best first. */
  hits: Hit[];
  stage: Stage;
  /** Whether this is the query's last result. */
  final: boolean;
  /** Why a later stage is missing. */
  reason?: DocsiftError | undefined;
  timings: Timings;
  /**
   * Passages retrieved, how many of them were reranked so far, and how many documents `minScore` left out of `hits`.
   * That is absent without `minScore` and where there are no probabilities; where it is above 0 and there are no hits,
   * documents were found, and none is likely to answer.
   */
  counts: { candidates: number; reranked: number; belowMinScore?: number | undefined };
  rerank: RerankReport;
  /** How the words of the query were understood. */
  terms: Term[];
  /** The query as the models read it, where words of it are misspelt. */
  corrected?: string | undefined;
  /** With `facets`. */
  facets?: Facets | undefined;
  /** With `trace: true`. */
  trace?: Trace | undefined;
}

/** One retrieved passage, with all that led to its place. */
export interface TraceCandidate {
  documentId: string;
  title: string;
  passage: Passage;
  /** What the models read of it. */
  input: string;
  /** As a hit has it. */
  score?: number | undefined;
  scores: Scores;
  /** Its place in the list by words and in the list by meaning, from 1; absent where it is in none. */
  lexicalRank?: number | undefined;
  denseRank?: number | undefined;
  /** Its place among the passages, from 1. */
  rank: number;
  /** Its place before reranking. */
  retrievalRank: number;
  /** How many tokens the passage has. */
  tokens: number;
  /** Where its logit came from; absent where it has none. */
  scored?: 'computed' | 'cached' | undefined;
}

/** What a part of the work took, or why it was left out. */
export interface TraceStep {
  step: 'lexical' | 'embedQuery' | 'retrieve' | 'rerank';
  ms: number;
  /** Read by the model, about. */
  tokens?: number | undefined;
  skipped?: string | undefined;
}

/** What a document opens with. */
export interface TraceOpening {
  documentId: string;
  input: string;
  /** The cross-encoder's. */
  logit: number;
}

/** The whole story of a result. */
export interface Trace {
  terms: Term[];
  /** Documents that `where` kept out. */
  excluded: number;
  /** Every candidate, in its final order. */
  candidates: TraceCandidate[];
  /** The candidates found by words and by meaning, each in its own order. */
  lexical: TraceCandidate[];
  dense: TraceCandidate[];
  /** What the best documents open with, as it was read, and how much of a passage's logit that is. */
  openings: TraceOpening[];
  openingShare: number;
  steps: TraceStep[];
}

/** Where a passage of a document stands for a query, among all passages of the search. */
export interface PassageStanding {
  passage: Passage;
  cosine?: number | undefined;
  bm25: number;
  boost: number;
  fused: number;
  lexicalRank?: number | undefined;
  denseRank?: number | undefined;
  /** Absent where it shares no word with the query and has no vector. */
  fusedRank?: number | undefined;
}

/** Why a document is, or is not, in the results of a query; `message` says it in a sentence. */
export type Explanation =
  /** It is among the results. */
  | { verdict: 'found'; message: string; hit: Hit }
  /** It was found, and more than `limit` documents were better; `hit` is what it would have been. */
  | { verdict: 'ranked_too_low'; message: string; hit: Hit; limit: number }
  /** It was found, and its `score` is below `minScore`. */
  | { verdict: 'below_min_score'; message: string; hit: Hit; minScore: number }
  /** No passage of it is among the `retrieve` best, or shares anything with the query. */
  | { verdict: 'not_retrieved'; message: string; retrieve: number; passages: PassageStanding[] }
  /** The condition on `field` keeps it out. */
  | { verdict: 'filtered'; message: string; field: string }
  /** No document has this id. */
  | { verdict: 'unknown_document'; message: string };

/** What a search holds and uses. */
export interface Stats extends CollectionCounts {
  /** Which of the two binaries runs; absent before it does. */
  runtime?: 'relaxed' | 'simd128' | undefined;
  /** The WebAssembly memory of each worker, in bytes. It never shrinks, so this is its peak. */
  memoryBytes: number[];
  models: { embedder: ModelState; reranker: ModelState };
  /** The loaded reranker's id in the manifest; absent before it is loaded, and for files of one's own. */
  rerankerId?: string | undefined;
  /** Scores kept for queries to come. */
  cachedScores: number;
  /** With `index`: why the latest index of the site could not be used, and the last good one is. */
  staleIndex?: DocsiftError | undefined;
}

/** Where a model stands; `off` where the options leave it out, or a function takes its place. */
export type ModelState = 'loading' | 'ready' | 'failed' | 'off';
