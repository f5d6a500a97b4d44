/** What is compared: every engine in every form, each with a page of its own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../scripts/steps.mjs';

/**
 * @typedef {object} Engine
 * @property {string} id for the command line
 * @property {string} name
 * @property {'docsift' | 'transformers' | 'onnxruntime' | 'candle'} adapter in page/
 * @property {string} dtype of the linear layers' weights
 * @property {number} threads docsift's plain workers; the peers' threads, which need an isolated page
 * @property {boolean} isolated whether its page is served with COOP and COEP
 * @property {'simd128'} [variant] the binary to force
 * @property {() => string} version
 */

const BENCH = path.join(ROOT, 'bench');

/** @param {string} file */
const packageVersion = (file) => () => JSON.parse(readFileSync(file, 'utf8')).version;

const docsift = {
  adapter: 'docsift',
  dtype: 'int8',
  isolated: false,
  version: packageVersion(path.join(ROOT, 'package.json')),
};
const transformers = {
  name: '@huggingface/transformers',
  adapter: 'transformers',
  version: packageVersion(path.join(BENCH, 'node_modules', '@huggingface', 'transformers', 'package.json')),
};
const onnxruntime = {
  name: 'onnxruntime-web',
  adapter: 'onnxruntime',
  version: packageVersion(path.join(BENCH, 'node_modules', 'onnxruntime-web', 'package.json')),
};
const candle = {
  name: 'candle',
  adapter: 'candle',
  threads: 1,
  isolated: false,
  version: () =>
    readFileSync(path.join(BENCH, 'candle', 'Cargo.lock'), 'utf8').match(
      /name = "candle-core"\r?\nversion = "(.+)"/,
    )?.[1] ?? 'unknown',
};
const single = { threads: 1, isolated: false };
const double = { threads: 2, isolated: true };

/** @type {Engine[]} */
export const ENGINES = [
  { id: 'docsift', name: 'docsift', ...docsift, threads: 1 },
  { id: 'docsift-2w', name: 'docsift', ...docsift, threads: 2 },
  { id: 'docsift-simd128', name: 'docsift, simd128', ...docsift, threads: 1, variant: 'simd128' },
  { id: 'transformers-q8', ...transformers, dtype: 'q8', ...single },
  { id: 'transformers-q8-2t', ...transformers, dtype: 'q8', ...double },
  { id: 'transformers-fp32', ...transformers, dtype: 'fp32', ...single },
  { id: 'transformers-fp32-2t', ...transformers, dtype: 'fp32', ...double },
  { id: 'onnxruntime-q8', ...onnxruntime, dtype: 'q8', ...single },
  { id: 'onnxruntime-q8-2t', ...onnxruntime, dtype: 'q8', ...double },
  { id: 'candle-f32', ...candle, dtype: 'f32' },
  { id: 'candle-q8_0', ...candle, dtype: 'q8_0' },
];
