/** The engine of target/wasm, as `npm run build:wasm` makes it, in this process and on one thread. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, StepError } from '../../scripts/steps.mjs';

/** Passages are given vectors in rounds of about this many tokens. */
const ROUND_TOKENS = 8192;

/**
 * @param {'simd128' | 'relaxed'} name of the binary
 * @returns {Promise<any>} the class `Engine`; undefined where this Node cannot run the binary
 */
export async function loadEngine(name) {
  const folder = path.join(ROOT, 'target', 'wasm', name);
  const wasm = path.join(folder, 'docsift_bg.wasm');
  if (!existsSync(wasm))
    throw new StepError(`${path.relative(ROOT, wasm)} is missing`, 'run `npm run build:wasm`');
  const bytes = readFileSync(wasm);
  if (!WebAssembly.validate(bytes)) return undefined;
  const { default: init, Engine } = await import(pathToFileURL(path.join(folder, 'docsift.js')).href);
  await init({ module_or_path: bytes });
  return Engine;
}

/**
 * Gives every passage that has none a vector.
 *
 * @param {any} engine
 * @param {(texts: string[]) => Float32Array} vectorsOf one after the other
 */
export function embedPending(engine, vectorsOf) {
  for (;;) {
    const { ids, texts } = engine.pending(ROUND_TOKENS);
    if (ids.length === 0) return;
    engine.setVectors(Uint32Array.from(ids), vectorsOf(texts));
  }
}
