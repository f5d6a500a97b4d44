/**
 * How good the search is, on the help center that is in the repository: 30 judged queries over 176 articles, with the
 * models and the engine as they are shipped. Floors are what the working system must reach; ceilings are what one with a
 * dead, a shuffled or a reversed reranker must stay under, or the floors would prove nothing.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, test } from 'node:test';
import {
  ask,
  compareLogits,
  judge,
  mean,
  openSystem,
  readDataset,
  retrieveAll,
  toCandidates,
} from '../../dist/eval.js';
import { ROOT } from '../../scripts/steps.mjs';

/**
 * @typedef {import('../../dist/types/eval/index.js').StageName} StageName
 * @typedef {import('../../dist/types/eval/index.js').Metric} Metric
 */

const CORPUS = path.join(ROOT, 'web', 'demo', 'corpus', 'zulip-help.json');
const QUERIES = path.join(ROOT, 'tests', 'eval', 'zulip-help.dev.jsonl');

/** Of nDCG@10. */
const FLOORS = { lexical: 0.67, dense: 0.78, hybrid: 0.85, reranked: 0.89 };
/** A search with such a reranker must find less than this, and so fail its floor. A dead one leaves the hybrid order. */
const CEILINGS = { dead: 0.885, reversed: 0.7, shuffled: 0.86 };
/** The same where the logits alone decide, so that what the search adds to them cannot hide a bad one. */
const ALONE = { floor: 0.72, ceilings: { reversed: 0.25, shuffled: 0.45 } };

/** @type {import('../../dist/types/eval/index.js').Outcome[]} */
const outcomes = [];
/** @type {import('../../dist/types/eval/index.js').Candidates[]} */
const candidates = [];
/** Of the first query, with `rerank: 'auto'`. @type {import('../../dist/types/eval/index.js').Asked} */
let auto;

/** @type {(stage: StageName, metric: Metric) => number} */
const meanOf = (stage, metric) => mean(outcomes.map(({ values }) => values[stage]?.[metric] ?? 0));

/**
 * nDCG@10 of the documents, with other logits in place of the reranker's.
 *
 * @param {(logits: number[]) => number[]} change
 * @param {boolean} alone whether they alone decide, without what the search adds to them
 */
function withLogits(change, alone) {
  const ranked = candidates.map((candidate) =>
    alone
      ? { ...candidate, added: candidate.added.map(() => 0), openings: candidate.added.map(() => undefined) }
      : candidate,
  );
  const logits = candidates.map((candidate) => candidate.logits);
  return compareLogits(ranked, logits.map(change), logits).ndcg.found;
}

/**
 * What a reranker may do to its logits.
 *
 * @type {Record<string, (logits: number[]) => number[]>}
 */
const RERANKERS = {
  working: (logits) => logits,
  dead: (logits) => logits.map(() => 0),
  reversed: (logits) => logits.map((logit) => -logit),
  // 7 has no divisor in common with 50 candidates: each gets the logit of another.
  shuffled: (logits) => logits.map((_, i) => logits[(i * 7 + 3) % logits.length]),
};

before(async () => {
  const dataset = readDataset(`${CORPUS}:${QUERIES}`);
  const documents = new Map(dataset.documents.map((document) => [document.id, document]));
  const { search, stats } = await openSystem(dataset.documents, {}, () => {});
  try {
    auto = await ask(search, dataset.queries[0].text, { rerank: 'auto' });
    for (const query of dataset.queries) {
      const retrieved = await retrieveAll(search, query.text, stats.passages);
      const asked = await ask(search, query.text, {});
      outcomes.push(judge({ query, documents, ...retrieved, ...asked }));
      candidates.push(toCandidates(dataset.name, query, asked));
    }
  } finally {
    search.close();
  }
});

test('a query is asked as a user asks it, so that `auto` finds something to rerank', () => {
  assert.ok(auto.reranked.every(({ scores }) => scores.cross !== undefined));
  assert.equal(auto.reranked.length, 50);
});

test('the models read misspelt words as the articles spell them, and all others as they are', () => {
  const changed = candidates.filter(({ query, read }) => read !== query.text);
  // "ratting" is a word.
  assert.deepEqual(Object.fromEntries(changed.map(({ query, read }) => [query.text, read])), {
    'chnage profile pictrue': 'change profile picture',
    'syntx higlighting for code': 'syntax highlighting for code',
    'forgoten pasword reset link': 'forgotten password reset link',
    'giphy ratting limit for gifs in organisaton': 'giphy ratting limit for gifs in organization',
  });
});

test('every stage reaches its floor', (t) => {
  assert.equal(outcomes.length, 30);
  for (const [stage, floor] of Object.entries(FLOORS)) {
    const found = meanOf(/** @type {StageName} */ (stage), 'ndcg@10');
    t.diagnostic(`${stage}: nDCG@10 ${found.toFixed(4)}`);
    assert.ok(found >= floor, `${stage}: nDCG@10 ${found}, expected at least ${floor}`);
  }
});

test('a dead, a reversed or a shuffled reranker is found out', (t) => {
  // The logits in their place give what the search itself showed.
  assert.ok(Math.abs(withLogits(RERANKERS.working, false) - meanOf('reranked', 'ndcg@10')) < 1e-9);
  for (const [name, ceiling] of Object.entries(CEILINGS)) {
    const found = withLogits(RERANKERS[name], false);
    t.diagnostic(`${name}: nDCG@10 ${found.toFixed(4)}`);
    assert.ok(found < ceiling && ceiling < FLOORS.reranked, `${name}: ${found}, expected under ${ceiling}`);
  }
});

test('the logits alone rank, and rank badly when they are reversed or shuffled', (t) => {
  const working = withLogits(RERANKERS.working, true);
  t.diagnostic(`alone: nDCG@10 ${working.toFixed(4)}`);
  assert.ok(working >= ALONE.floor, `${working}, expected at least ${ALONE.floor}`);
  for (const [name, ceiling] of Object.entries(ALONE.ceilings)) {
    const found = withLogits(RERANKERS[name], true);
    t.diagnostic(`${name}, alone: nDCG@10 ${found.toFixed(4)}`);
    assert.ok(found < ceiling, `${name}, alone: ${found}, expected under ${ceiling}`);
  }
});

test('a reranker that is not to be had is told by its name', async () => {
  const none = openSystem([], { reranker: 'docsift-rerank-l9' }, () => {});
  await assert.rejects(none, { name: 'DocsiftError', message: /docsift-rerank-l9/ });
});
