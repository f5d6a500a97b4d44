/**
 * The interface of the compiled engine (`crate/src/browser/`), as `wasm-bindgen --target web` exports it. Every
 * function throws an `Error` with `name: 'DocsiftError'` and a `code`; anything else that is thrown is a trap,
 * after which the instance must not be used again.
 */
import type {
  CollectionCounts,
  ExportedIndex,
  ModelInfo,
  Retrieval,
  RetrievalOptions,
  Role,
} from './protocol.js';

/** Instantiates the compiled module; must be called once, before anything else. */
export function initSync(options: { module: WebAssembly.Module }): unknown;

/** Takes a file from the Cache API or fetches it, verifies it, keeps it, and returns its bytes in JavaScript's memory. */
export function fetchFile(
  url: string,
  spec: { sha256?: string; bytes?: number; revision?: string },
  useCache: boolean,
  onProgress: (loaded: number, total: number) => void,
): Promise<Uint8Array<ArrayBuffer>>;

/**
 * Quantizes the files of a Hugging Face folder into one GGUF file. `pairs` are JSON Lines of `{query, passage}`, texts
 * like those to be searched; `corpus`, JSON Lines of documents, has tokens left out that it does not use; `wordsOf`, a GGUF
 * file, has all words left out and that file's needed.
 */
export function packModel(
  config: Uint8Array,
  weights: Uint8Array,
  tokenizer: Uint8Array,
  pairs: Uint8Array | undefined,
  corpus: Uint8Array | undefined,
  wordsOf: Uint8Array | undefined,
  wishes: {
    name: string;
    license: string;
    wordBits?: string;
    layerBits?: string;
    vocabCommon?: number;
  },
): {
  file: Uint8Array<ArrayBuffer>;
  /** The fields of a model manifest's entry that the file itself tells. */
  summary: {
    role: Role;
    bytes: number;
    sha256: string;
    dims: number;
    pooling: string;
    maxTokens: number;
  };
};

export class Engine {
  constructor();
  /** Loads a GGUF file, or `model.safetensors` with the bytes of `config.json` and of the tokenizer. */
  loadEmbedder(
    weights: Uint8Array,
    config: Uint8Array | undefined,
    tokenizer: Uint8Array | undefined,
    precision: string,
  ): ModelInfo;
  /** `words` is the GGUF file whose words a file without any needs, unless they are the loaded embedder's. */
  loadReranker(
    weights: Uint8Array,
    config: Uint8Array | undefined,
    tokenizer: Uint8Array | undefined,
    precision: string,
    words: Uint8Array | undefined,
  ): ModelInfo;
  /** `texts.length × dims` values, one unit-length row per text. */
  embed(texts: string[]): Float32Array<ArrayBuffer>;
  /** One raw logit per passage. */
  score(query: string, passages: string[]): Float32Array<ArrayBuffer>;
  createCollection(fingerprint: string): void;
  /** Validates every document before it stores any; returns how many passages now wait for a vector. */
  addDocuments(documents: object[], replace: boolean): number;
  /** Returns how many of the documents were there. */
  removeDocuments(ids: string[]): number;
  /** The next passages to embed, at least one where any waits, of about `maxTokens` tokens together. */
  pending(maxTokens: number): { ids: Uint32Array<ArrayBuffer>; texts: string[] };
  /** Sets the vectors of passages; ids of passages that are gone are ignored. */
  setVectors(ids: Uint32Array, vectors: Float32Array): void;
  counts(): CollectionCounts;
  /** Options that are not known, or have another shape, are `invalid_input`. */
  retrieve(query: string, vector: Float32Array | undefined, options: RetrievalOptions): Retrieval;
  /** The query with its misspelt words as the collection has them; `undefined` where it has none. */
  corrected(query: string, typing: boolean): string | undefined;
  /** Replaces the collection by an index, of which all but vectors and texts are here; on error the present one stays. */
  openIndex(manifest: Uint8Array, parts: Uint8Array[]): void;
  /** Adds a part of vectors or texts; returns whether it was still to come. */
  addPart(file: string, bytes: Uint8Array): boolean;
  /** Throws `invalid_input` while any part is missing, and so does `saveCollection`. */
  exportParts(modelId: string): ExportedIndex;
  saveCollection(): Uint8Array<ArrayBuffer>;
  restoreCollection(bytes: Uint8Array, fingerprint: string): void;
  /** The size of the instance's memory now; WebAssembly memory never shrinks, so this is also its peak. */
  memoryBytes(): number;
}
