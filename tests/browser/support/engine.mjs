/** The compiled engine in a browser's worker, by itself: what its entry points return, with nothing in between. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../../scripts/steps.mjs';
import { openPage } from '../harness.mjs';

const FOLDERS = {
  '/wasm/': path.join(ROOT, 'target', 'wasm'),
  '/pages/': path.join(ROOT, 'tests', 'browser', 'pages'),
  '/golden/': path.join(ROOT, 'tests', 'golden'),
};

/** The packed default models, as they ship. */
const { models } = JSON.parse(readFileSync(path.join(ROOT, 'models', 'manifest.json'), 'utf8'));
const packed = (/** @type {string} */ id) => `/models/${models[id].file}`;
/** @type {ModelAddresses} */
export const EMBEDDER = { weights: packed('all-minilm-l6-v2') };
/** @type {ModelAddresses} */
export const RERANKER = {
  weights: packed('docsift-rerank-l6'),
  ...(models['docsift-rerank-l6'].words && { words: packed(models['docsift-rerank-l6'].words) }),
};

/**
 * @typedef {object} ModelAddresses
 * @property {string} weights
 * @property {string} [config]
 * @property {string} [tokenizer]
 * @property {string} [words]
 */

/**
 * Starts an engine; it ends with the test.
 *
 * @param {import('node:test').TestContext} t
 * @param {{ variant?: 'relaxed' | 'simd128', folders?: Record<string, string> }} [options] `folders` are served too, for
 *   models that a test has made
 */
export async function openEngine(t, { variant = 'relaxed', folders = {} } = {}) {
  const { page } = await openPage(t, {
    path: 'pages/engine.html',
    server: { folders: { ...FOLDERS, ...folders } },
  });
  const [worker] = await Promise.all([
    page.waitForEvent('worker'),
    page.evaluate(
      (url) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(url, { type: 'module' });
          worker.onmessage = resolve;
          worker.onerror = (event) => reject(new Error(event.message || 'the worker could not be started'));
        }),
      `/pages/engine-worker.js?variant=${variant}`,
    ),
  ]);
  return {
    /**
     * @param {'embedder' | 'reranker'} role
     * @param {ModelAddresses} files
     * @param {'int8' | 'f32'} [precision]
     */
    load: (role, files, precision = 'int8') =>
      worker.evaluate(
        ([role, files, precision]) => self.load(role, files, precision),
        [role, files, precision],
      ),
    /**
     * @param {string[]} texts
     * @returns {Promise<Float32Array>} one row per text
     */
    embed: (texts) => worker.evaluate((texts) => self.embed(texts), texts),
    /**
     * @param {string} query
     * @param {string[]} passages
     * @returns {Promise<Float32Array>} one logit per passage
     */
    score: (query, passages) =>
      worker.evaluate(([query, passages]) => self.score(query, passages), [query, passages]),
    /** @returns {Promise<number>} */
    memoryBytes: () => worker.evaluate(() => self.memoryBytes()),
    reset: () => worker.evaluate(() => self.reset()),
  };
}
