/** The texts, cut into what is run in each repeat. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../scripts/steps.mjs';

/**
 * Multiply-accumulates of the linear layers of MiniLM-L6 per token: 6 layers of Q, K, V and output (4 × 384²) and of two
 * layers of 384 × 1536.
 */
export const MACS_PER_TOKEN = 6 * 12 * 384 ** 2;

/**
 * What one sample runs: a query and passages to score, or texts to embed, in one call or each in its own.
 *
 * @typedef {{ query: string, passages: string[] } | { texts: string[], each: boolean }} Input
 *
 * @typedef {object} Workload
 * @property {string} id
 * @property {string} title
 * @property {'reranker' | 'embedder'} role
 * @property {number} tokens of one repeat, special tokens included; over all repeats where `each` text is timed
 * @property {number} items passages or texts of one sample
 * @property {number} repeats
 * @property {Input} warmUp
 * @property {(repeat: number) => Input} input never the same twice
 */

const FILE = path.join(ROOT, 'bench', 'workload.json');
/** Enough for the browser to have optimised the code, and docsift to have found its chunk size. */
const WARM_UP_PASSAGES = 10;
const W2_BLOCKS = 5;

/**
 * @param {{ repeats: number, quick: boolean }} options `quick` leaves most texts out: to try the benchmark itself
 * @returns {Workload[]}
 */
export function readWorkloads({ repeats, quick }) {
  const file = JSON.parse(readFileSync(FILE, 'utf8'));
  /** @param {string[]} texts @param {number} count */
  const some = (texts, count) => (quick ? texts.slice(0, count) : texts);
  /** @param {number} tokens */
  const declared = (tokens) => (quick ? undefined : tokens);

  /** @param {string} id @param {string} title @param {string[]} passages @param {number} times */
  const rerank = (id, title, passages, times) => ({
    id,
    title,
    role: 'reranker',
    tokens: declared(file[id].tokens),
    items: passages.length,
    repeats: times,
    warmUp: { query: file.warmUpQuery, passages: passages.slice(0, WARM_UP_PASSAGES) },
    input: (repeat) => ({ query: file.queries[repeat], passages }),
  });
  const w1 = some(file.W1.passages, 8);
  const w2 = some(file.W2.texts, 10);
  const w3 = some(file.W3.texts, 8);
  const block = Math.ceil(w2.length / W2_BLOCKS);
  return [
    rerank('W1', 'one query × 50 passages', w1, repeats),
    rerank(
      'W1s',
      'the same, cut to 400 characters',
      w1.map((text) => text.slice(0, file.W1s.cutW1To)),
      repeats,
    ),
    rerank('W1x', '50 pairs of 512 tokens', some(file.W1x.passages, 2), Math.min(repeats, 2)),
    {
      id: 'W2',
      title: 'one short query, embedded',
      role: 'embedder',
      tokens: declared(file.W2.tokens),
      items: 1,
      repeats: W2_BLOCKS,
      warmUp: { texts: w3.slice(0, WARM_UP_PASSAGES), each: true },
      input: (repeat) => ({ texts: w2.slice(repeat * block, (repeat + 1) * block), each: true }),
    },
    {
      id: 'W3',
      title: '60 passages, embedded',
      role: 'embedder',
      tokens: declared(file.W3.tokens),
      items: w3.length,
      repeats: Math.min(repeats, 3),
      warmUp: { texts: w3.slice(0, WARM_UP_PASSAGES), each: false },
      input: () => ({ texts: w3, each: false }),
    },
  ];
}

/** How many repeats there are queries for. */
export function mostRepeats() {
  return JSON.parse(readFileSync(FILE, 'utf8')).queries.length;
}
