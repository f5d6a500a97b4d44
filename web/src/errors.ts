/**
 * The stable identifiers of everything that can go wrong. The first group comes from the engine and is the same
 * in Rust; the second arises in the page.
 */
export type ErrorCode =
  | 'unsupported_architecture'
  | 'invalid_model'
  | 'invalid_tokenizer'
  | 'invalid_input'
  | 'invalid_index'
  | 'download_failed'
  | 'integrity'
  | 'internal'
  /** An option of `createSearch`, `loadEmbedder` or `loadReranker` cannot be used. */
  | 'invalid_options'
  /** `manifest.json` is not a model manifest, or does not list the model asked for. */
  | 'invalid_manifest'
  /** WebAssembly is absent, or the page's Content-Security-Policy forbids it. */
  | 'no_wasm'
  /** The browser runs WebAssembly, but without 128-bit SIMD. */
  | 'no_simd'
  /** The worker script could not be started. */
  | 'worker_failed'
  /** A worker stopped in mid-work; what it held was rebuilt, or could not be. */
  | 'worker_crashed'
  /** IndexedDB is absent, blocked, or full. */
  | 'storage_unavailable'
  /** No index is saved under the name asked for. */
  | 'index_not_found'
  /** A `retriever` or `reranker` of the caller's failed, or gave something else than it should. */
  | 'function_failed'
  /** A `retriever` or `reranker` of the caller's took longer than `timeoutMs`. */
  | 'timeout'
  /** The object was closed. */
  | 'closed';

/** An error with a stable `code` and a message that says what was expected, what was found and what to do. */
export class DocsiftError extends Error {
  override readonly name = 'DocsiftError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Makes a `DocsiftError` of anything that was thrown; one that is already one, or carries its mark, keeps its code. */
  static from(thrown: unknown, fallback: ErrorCode = 'internal'): DocsiftError {
    if (thrown instanceof DocsiftError) return thrown;
    if (isErrorRecord(thrown)) return new DocsiftError(thrown.code, thrown.message, { cause: thrown });
    return new DocsiftError(fallback, messageOf(thrown), { cause: thrown });
  }
}

/** What of an error crosses a worker's boundary: structured clone drops an `Error`'s own properties. */
export interface ErrorRecord {
  name: 'DocsiftError';
  code: ErrorCode;
  message: string;
}

/** Whether a thrown value is a typed error of the engine, as opposed to a trap or a fault of JavaScript. */
export function isErrorRecord(value: unknown): value is ErrorRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { name, code } = value as Partial<ErrorRecord>;
  return name === 'DocsiftError' && typeof code === 'string';
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
