/**
 * The interface of the lexical half compiled by itself (`target/wasm/lexical/`), as `wasm-bindgen --target web` exports
 * it. Errors are those of the engine: see wasm.d.ts.
 */
import type { CollectionCounts, Retrieval, RetrievalOptions } from './protocol.js';

/** Instantiates the compiled module; must be called once, before anything else. */
export function initSync(options: { module: WebAssembly.Module }): unknown;

export class Lexical {
  constructor();
  /** Replaces the documents by those of an index, of which all but texts are here; on error the present ones stay. */
  openIndex(manifest: Uint8Array, parts: Uint8Array[]): void;
  /** Adds a part of texts; returns whether it was still to come. */
  addPart(file: string, bytes: Uint8Array): boolean;
  /** Validates every document before it stores any. */
  add(documents: object[], replace: boolean): void;
  /** Returns how many of the documents were there. */
  remove(ids: string[]): number;
  counts(): CollectionCounts;
  /** The stage is `lexical`. */
  search(query: string, options: RetrievalOptions): Retrieval;
}
