/** The packer of the compiled engine, in this thread: nothing else is to be done while it works. */
import { readFileSync } from 'node:fs';
import { initSync, packModel as packInWasm } from '#wasm';
import { DocsiftError } from '../../errors.js';

type Bytes = Uint8Array<ArrayBuffer>;

export interface ModelFolder {
  /** config.json. */
  config: Bytes;
  /** model.safetensors. */
  weights: Bytes;
  /** tokenizer.json or vocab.txt. */
  tokenizer: Bytes;
  /** JSON Lines of `{query, passage}`. */
  pairs: Bytes;
  /** JSON Lines of documents, to whose tokens the vocabulary is pruned. */
  corpus?: Bytes | undefined;
  /** A GGUF file whose words are this model's too, and left out. */
  wordsOf?: Bytes | undefined;
}

type Wishes = Parameters<typeof packInWasm>[6];

/** Quantizes a model. Throws what the engine says of files that it cannot read. */
export function packModel(
  { config, weights, tokenizer, pairs, corpus, wordsOf }: ModelFolder,
  wishes: Wishes,
) {
  const wasm = readFileSync(new URL('./docsift-simd128.wasm', import.meta.url));
  initSync({ module: new WebAssembly.Module(wasm) });
  try {
    return packInWasm(config, weights, tokenizer, pairs, corpus, wordsOf, wishes);
  } catch (thrown) {
    throw DocsiftError.from(thrown);
  }
}
