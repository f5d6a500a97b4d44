/**
 * What the page and its workers say to each other. Every request carries an id that its one reply repeats;
 * requests of one worker are served in the order in which they were posted, except that a fetch does not hold up
 * the ones behind it.
 */
import type { ErrorRecord } from '../errors.js';

/** What a worker runs: the engine, or the small lexical half alone, which takes documents and `retrieve`s by words. */
export type WorkerKind = 'engine' | 'lexical';

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
  /** Multiply-accumulates of the linear layers for one token. */
  macsPerToken: number;
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
  /** The heading that the passage stands under, and its anchor in the page. */
  heading?: string | undefined;
  anchor?: string | undefined;
  /** The passage itself; absent while its part of the index is not there. */
  text?: string | undefined;
  /** `title. heading. text`, which is what both models read; absent with it. */
  input?: string | undefined;
  /** The part that has it; absent once it is there. */
  textPart?: string | undefined;
  /** 16 hexadecimal digits that change with `input`. */
  hash: string;
  /** Length of `input` in tokens. */
  tokens: number;
  /** Absent where the passage, or the query, has no vector. */
  cosine?: number | undefined;
  bm25: number;
  /** What the query's `boost` added to `fused`. */
  boost: number;
  fused: number;
  /** Its place in the list by words and in the list by vectors, from 1. */
  lexicalRank?: number | undefined;
  denseRank?: number | undefined;
}

/** How a word of the query was understood. */
export interface Term {
  /** As it stands in the query. */
  text: string;
  kind: 'word' | 'prefix' | 'typo' | 'identifier' | 'part';
  /** The words of the index that it was taken for. */
  matched: string[];
  /** How many documents have any of them. */
  documents: number;
}

/** What a retrieval is asked for; a condition that is absent restricts nothing. */
export interface RetrievalOptions {
  /** The greatest number of candidates. */
  limit: number;
  where?: object | undefined;
  boost?: object | undefined;
  /** Fields whose values are counted. */
  facets?: readonly string[] | undefined;
  /** The last word may be the beginning of one. */
  typing?: boolean | undefined;
  /** The document whose standing is asked for. */
  explain?: string | undefined;
  /** Passages are cut to about so many tokens in `input`. */
  rerankTokens?: number | undefined;
  /** Of how many documents the texts are wanted, the best first; of all by default. */
  texts?: number | undefined;
  /** About how many tokens of the opening of each document are wanted; none by default. */
  openings?: number | undefined;
}

/** The beginning of a document, from which a reranker tells what it is about. */
export interface Opening {
  input: string;
  /** Of `input`, as a candidate has one. */
  hash: string;
  tokens: number;
}

/** Where the passages of one document stand among all. */
export interface Standing {
  documentId: string;
  inIndex: boolean;
  /** The first field of `where` that keeps the document out. */
  excludedBy?: string | undefined;
  passages: {
    passageId: number;
    heading?: string | undefined;
    /** Absent while its part of the index is not there. */
    text?: string | undefined;
    cosine?: number | undefined;
    bm25: number;
    boost: number;
    fused: number;
    lexicalRank?: number | undefined;
    denseRank?: number | undefined;
    /** Absent where it shares no word and has no vector, and so is never a candidate. */
    fusedRank?: number | undefined;
  }[];
  /** The candidates' number: what has a greater `fusedRank` is not among them. */
  cut: number;
}

/** The candidates of a query, best first. */
export interface Retrieval {
  stage: 'lexical' | 'hybrid';
  candidates: Candidate[];
  /** The documents of the candidates, by id. */
  documents: { [id: string]: object };
  /** By id, of those of the documents whose texts are there; absent where they were not asked for. */
  openings?: { [id: string]: Opening } | undefined;
  terms: Term[];
  /** How often each value of a field occurs among the documents matched. */
  facets?: { [field: string]: { [value: string]: number } } | undefined;
  /** Documents that `where` kept out. */
  excluded: number;
  /** Of the document that `explain` names. */
  explanation?: Standing | undefined;
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
  /** Another GGUF file, whose words the weights need; not there where the worker's embedder has them. */
  words?: ArrayBuffer | undefined;
}

/** A collection as a manifest and parts, to be deployed. */
export interface ExportedIndex {
  manifest: Uint8Array<ArrayBuffer>;
  /** The names of the parts. */
  files: string[];
  parts: Uint8Array<ArrayBuffer>[];
}

/** Every request, with its parameters and the result of its reply. */
export interface Calls {
  init: { params: { module: WebAssembly.Module; kind: WorkerKind }; result: undefined };
  fetch: { params: { url: string; spec: FileSpec; cache: boolean }; result: ArrayBuffer };
  load: { params: { role: Role; bytes: ModelBytes; precision: Precision }; result: ModelInfo };
  embed: { params: { texts: string[] }; result: Float32Array<ArrayBuffer> };
  score: { params: { query: string; passages: string[] }; result: Float32Array<ArrayBuffer> };
  createCollection: { params: { fingerprint: string }; result: undefined };
  restoreCollection: { params: { bytes: ArrayBuffer; fingerprint: string }; result: undefined };
  /** Takes the manifest of an index, and its parts of documents and postings in the manifest's order. */
  openIndex: { params: { manifest: Uint8Array; parts: readonly Uint8Array[] }; result: undefined };
  /** Adds a part of vectors or texts; the result says whether it was still to come. */
  addPart: { params: { file: string; bytes: Uint8Array }; result: boolean };
  exportParts: { params: { modelId: string }; result: ExportedIndex };
  saveCollection: { params: Record<never, never>; result: ArrayBuffer };
  addDocuments: { params: { documents: readonly object[]; replace: boolean }; result: number };
  removeDocuments: { params: { ids: readonly string[] }; result: number };
  pending: { params: { maxTokens: number }; result: { ids: Uint32Array<ArrayBuffer>; texts: string[] } };
  setVectors: { params: { ids: Uint32Array; vectors: Float32Array }; result: undefined };
  counts: { params: Record<never, never>; result: CollectionCounts };
  retrieve: {
    params: { query: string; vector?: Float32Array | undefined; options: RetrievalOptions };
    result: Retrieval;
  };
  /** The query with its misspelt words as the collection has them; `undefined` where it has none. */
  corrected: { params: { query: string; typing: boolean }; result: string | undefined };
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
