/** The golden fixtures (see tests/golden/README.md), read. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../../scripts/steps.mjs';

const GOLDEN = path.join(ROOT, 'tests', 'golden');
const json = (/** @type {string} */ file) => JSON.parse(readFileSync(path.join(GOLDEN, file), 'utf8'));

/** @param {string | { repeat: string, times: number }} text */
const expand = (text) => (typeof text === 'string' ? text : text.repeat.repeat(text.times));

/**
 * Texts with their embeddings by sentence-transformers.
 *
 * @returns {{ name: string, text: string, embedding: Float32Array }[]}
 */
export function goldenTexts() {
  const { dims } = json('tokens.json').embedder;
  const { buffer, byteOffset, byteLength } = readFileSync(path.join(GOLDEN, 'embeddings.f32'));
  const values = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  return json('texts.json').texts.map(({ name, text }, i) => ({
    name,
    text: expand(text),
    embedding: values.subarray(i * dims, (i + 1) * dims),
  }));
}

/**
 * Queries and passages with PyTorch's logits.
 *
 * @returns {{ name: string, query: string, passages: string[], logits: number[] }[]}
 */
export function goldenGroups() {
  const logits = json('logits.json');
  return json('texts.json').groups.map(({ name, query, passages }, i) => ({
    name,
    query: expand(query),
    passages: passages.map(expand),
    logits: logits[i],
  }));
}

/** The judged queries with their candidates: those that an order can be read from. */
export const candidateGroups = () => goldenGroups().filter(({ name }) => name.startsWith('candidates/'));

/** What the portable int8 layers give for the first of them: see `int8-logits.json` in `tests/golden/README.md`. */
export const portableLogits = () => /** @type {number[]} */ (json('int8-logits.json'));

/** The inputs of the small models. */
export function smallInputs() {
  const { texts, pairs } = json('models/inputs.json');
  return {
    texts: texts.map(expand),
    pairs: pairs.map(({ query, passage }) => ({ query: expand(query), passage: expand(passage) })),
  };
}

/**
 * @param {string} file relative to tests/golden/models
 * @returns {{ embeddings?: number[][], logits?: number[] }}
 */
export const smallGolden = (file) => json(path.join('models', file));
