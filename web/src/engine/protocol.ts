/**
 * What the page and its workers say to each other. Every request carries an id that its one reply repeats;
 * requests of one worker are served in the order in which they were posted, except that a fetch does not hold up
 * the ones behind it.
 */
import type { ErrorRecord } from '../errors.js';

export type Role = 'embedder' | 'reranker';

/** How the linear layers are computed. */
export type Precision = 'int8' | 'f32';

/** What a model file turned out to hold. */
export interface ModelInfo {
  architecture: string;
  layers: number;
  hidden: number;
  /** Length of an embedding; 1 for a reranker. */
  dims: number;
  maxTokens: number;
  vocabulary: number;
  /** Identifies the weights: vectors made under different fingerprints must not be compared. */
  fingerprint: string;
}

/** How much a collection holds. */
export interface CollectionCounts {
  documents: number;
  passages: number;
  /** How many of the passages have their vector. */
  embedded: number;
}

/** One passage that the retriever found. */
export interface Candidate {
  passageId: number;
  documentId: string;
  /** The fields of the document. */
  document: object;
  /** The heading that the passage stands under, and its anchor in the page. */
  heading?: string | undefined;
  anchor?: string | undefined;
  /** The passage itself. */
  text: string;
  /** `title. heading. text`, which is what both models read. */
  input: string;
  /** Absent where the passage, or the query, has no vector. */
  cosine?: number | undefined;
  bm25: number;
  fused: number;
}

/** The candidates of a query, best first. */
export interface Retrieval {
  stage: 'lexical' | 'hybrid';
  candidates: Candidate[];
}

/** What a downloaded file must be; without a hash only the length, if given, is checked. */
export interface FileSpec {
  sha256?: string | undefined;
  bytes?: number | undefined;
  revision?: string | undefined;
}

/** The files of one model, in memory. */
export interface ModelBytes {
  weights: ArrayBuffer;
  config?: ArrayBuffer | undefined;
  tokenizer?: ArrayBuffer | undefined;
}

/** Every request, with its parameters and the result of its reply. */
export interface Calls {
  init: { params: { module: WebAssembly.Module }; result: undefined };
  fetch: { params: { url: string; spec: FileSpec; cache: boolean }; result: ArrayBuffer };
  load: { params: { role: Role; bytes: ModelBytes; precision: Precision }; result: ModelInfo };
  embed: { params: { texts: string[] }; result: Float32Array<ArrayBuffer> };
  score: { params: { query: string; passages: string[] }; result: Float32Array<ArrayBuffer> };
  createCollection: { params: { fingerprint: string }; result: undefined };
  restoreCollection: { params: { bytes: ArrayBuffer; fingerprint: string }; result: undefined };
  saveCollection: { params: Record<never, never>; result: ArrayBuffer };
  addDocuments: { params: { documents: readonly object[]; replace: boolean }; result: number };
  removeDocuments: { params: { ids: readonly string[] }; result: number };
  pending: { params: { maxTokens: number }; result: { ids: Uint32Array<ArrayBuffer>; texts: string[] } };
  setVectors: { params: { ids: Uint32Array; vectors: Float32Array }; result: undefined };
  counts: { params: Record<never, never>; result: CollectionCounts };
  retrieve: {
    params: { query: string; vector?: Float32Array | undefined; limit: number };
    result: Retrieval;
  };
  memory: { params: Record<never, never>; result: number };
}

export type CallName = keyof Calls;
export type Params<K extends CallName> = Calls[K]['params'];
export type Result<K extends CallName> = Calls[K]['result'];

/** Page to worker. */
export type Request = { [K in CallName]: { id: number; call: K; params: Params<K> } }[CallName];

/** Worker to page. */
export type Response =
  | { id: number; type: 'result'; value: unknown }
  /** `fatal`: the engine trapped, and this worker answers nothing more. */
  | { id: number; type: 'error'; error: ErrorRecord; fatal: boolean }
  | { id: number; type: 'progress'; loaded: number; total: number };
