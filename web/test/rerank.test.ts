import assert from 'node:assert/strict';
import { beforeEach, type TestContext, test } from 'node:test';
import type { Candidate, Retrieval, Term } from '../src/engine/protocol.js';
import type { QueryOptions } from '../src/index.js';
import { checkQuery } from '../src/query/options.js';
import { affordable, passageTokens, reasonToSkip } from '../src/query/plan.js';
import { ScoreCache } from '../src/query/score-cache.js';
import { type FakeBrowser, installBrowser } from './support/fake-browser.js';
import { code, DOCUMENTS, many, soon, start } from './support/queries.js';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installBrowser();
});

const QUERY = 'lost password';

/** Candidates of about `tokens` tokens each, of documents of their own. */
function found(count: number, tokens = 100, terms: Term[] = []): Retrieval {
  const candidates = Array.from({ length: count }, (_, i): Candidate => {
    const input = 'x'.repeat(Math.round(tokens * 4.2));
    const identity = { passageId: i, documentId: `d${i}`, text: input, input, hash: `${i}`, tokens };
    return { ...identity, bm25: 0, boost: 0, fused: 1 - i / 100 };
  });
  const documents = candidates.map(({ documentId: id }, i) => [id, { id, title: `Title ${i}`, body: '' }]);
  const rest = { documents: Object.fromEntries(documents), terms, excluded: 0 };
  return { stage: 'hybrid', candidates, ...rest };
}

const term = (kind: Term['kind'], documents = 1): Term => ({ text: 'x', kind, matched: ['x'], documents });
const skip = (text: string, options: QueryOptions, retrieval: Retrieval, hasReranker = true) =>
  reasonToSkip(checkQuery(text, options), retrieval, hasReranker);

test('auto leaves out what reranking does not help', () => {
  const auto = { rerank: 'auto' } as const;
  assert.equal(skip('how to do it', auto, found(20)), undefined);
  assert.equal(skip('how to do it', { ...auto, typing: true }, found(20)), 'typing');
  assert.equal(skip('  TITLE 0?', auto, found(20)), 'exact_title');
  assert.equal(skip('title 1', auto, found(20)), undefined, 'only where it is first');
  assert.equal(skip('how to do it', auto, found(4)), 'few_passages');
  assert.equal(skip('how to do it', auto, found(5)), undefined);
  assert.equal(skip('how to do it', { ...auto, limit: 1 }, found(4)), undefined);
  assert.equal(skip('E1234', auto, found(20, 100, [term('identifier')])), 'identifier');
  assert.equal(skip('E1234', auto, found(20, 100, [term('identifier', 0)])), undefined);
  assert.equal(skip('E1234 x', auto, found(20, 100, [term('identifier'), term('word')])), undefined);
});

test('all and budgets are not for auto’s rules', () => {
  for (const rerank of ['all', { budgetMs: 10 }] as const) {
    assert.equal(skip('title 0', { rerank, typing: true }, found(2)), undefined);
    assert.equal(skip('x', { rerank }, found(0)), 'nothing_found');
  }
  assert.equal(skip('x', { rerank: false }, found(9)), 'off');
  assert.equal(skip('x', {}, found(9), false), 'off');
});

test('a budget affords what a device reads in that time', () => {
  const { candidates } = found(50);
  const count = (leftMs: number, rate?: number) => affordable('ab cd', candidates, leftMs, rate);
  // 100 tokens of the passage, 2 of the query, and 3 special ones.
  assert.equal(count(105, 1), 1);
  assert.equal(count(104, 1), 0);
  assert.equal(count(210, 2), 4);
  assert.equal(count(1e9, 1), 50);
  assert.equal(count(0, 1), 0);
  assert.equal(count(-1, undefined), 0);
  assert.equal(count(1, undefined), 4, 'a few, to learn how fast the device is');
});

test('a small budget has passages cut, and a large one has not', () => {
  const tokens = (budgetMs: number, rate?: number, more = {}) =>
    passageTokens(checkQuery('ab cd', { rerank: { budgetMs }, ...more }), rate);
  assert.equal(tokens(1000, 10), undefined);
  assert.equal(tokens(200, 10), 120);
  assert.equal(tokens(1, 10), 64);
  assert.equal(tokens(100), undefined, 'not before the rate is known');
  assert.equal(tokens(1, 10, { rerankTokens: 99 }), 99);
  assert.equal(passageTokens(checkQuery('ab', {}), 10), undefined);
});

/** A clock that stands still but for the work of cross-encoders, `msPerPassage` for each passage that they read. */
function slowDown(t: TestContext, msPerPassage: number): void {
  let now = performance.now();
  t.mock.method(performance, 'now', () => now);
  browser.before = (request) => {
    if (request.call === 'score') now += request.params.passages.length * msPerPassage;
  };
}

test('a budget is kept to on a slow device, and reads everything on a fast one', async (t) => {
  const search = await start({ workers: 1 });
  await search.add(many(60));
  await search.ready();
  // About 100 tokens a passage: 12 a millisecond.
  slowDown(t, 8);
  await search.query('to learn the rate');
  const slow = await search.query(QUERY, { rerank: { budgetMs: 80 } });
  assert.equal(slow.stage, 'reranked');
  assert.ok(slow.counts.reranked >= 5 && slow.counts.reranked <= 10, `${slow.counts.reranked} were read`);
  assert.ok(slow.timings.rerank <= 80, `${slow.timings.rerank} ms`);
  const { mode, why, candidates, tokens } = slow.rerank;
  assert.deepEqual([mode, why, candidates], ['budget', 'budget', slow.counts.reranked]);
  assert.ok(tokens > 0);
  assert.equal(slow.final, true);

  const none = await search.query('another query', { rerank: { budgetMs: 0 } });
  assert.deepEqual([none.stage, none.rerank.why, none.rerank.candidates], ['hybrid', 'budget', 0]);
  assert.equal(none.reason, undefined);

  const enough = await search.query('one more query', { rerank: { budgetMs: 60_000 } });
  assert.equal(enough.counts.reranked, 50);
  search.close();
});

test('before a device was measured, a budget reads a little, measures, and goes on', async (t) => {
  const search = await start({ workers: 1 });
  await search.add(many(60));
  slowDown(t, 8);
  const result = await search.query(QUERY, { rerank: { budgetMs: 160 } });
  assert.ok(
    result.counts.reranked >= 10 && result.counts.reranked <= 20,
    `${result.counts.reranked} were read`,
  );
  const chunks = browser.workers.flatMap(({ calls }) => calls).filter((call) => call === 'score').length;
  assert.ok(chunks > 1);
  search.close();
});

test('a result says what was reranked, and why not', async () => {
  const search = await start();
  await search.add([...DOCUMENTS, { id: 'exact', title: 'Exact', body: 'exact' }]);
  const why = async (text: string, options: QueryOptions) => {
    const { rerank, stage, final } = await search.query(text, options);
    assert.equal(final, true);
    return [rerank.mode, rerank.why, rerank.candidates, stage];
  };
  assert.deepEqual(await why(QUERY, {}), ['all', 'all', 4, 'reranked']);
  assert.deepEqual(await why(QUERY, { rerank: 'auto' }), ['auto', 'few_passages', 0, 'hybrid']);
  assert.deepEqual(await why(QUERY, { rerank: 'auto', limit: 2 }), ['auto', 'auto', 4, 'reranked']);
  assert.deepEqual(await why(QUERY, { rerank: 'auto', limit: 2, typing: true }), [
    ...['auto', 'typing', 0, 'hybrid'],
  ]);
  assert.deepEqual(await why('Exact!', { rerank: 'auto', limit: 2 }), ['auto', 'exact_title', 0, 'hybrid']);
  assert.deepEqual(await why(QUERY, { rerank: false }), ['off', 'off', 0, 'hybrid']);
  assert.deepEqual(await why(' ', {}), ['all', 'nothing_found', 0, 'lexical']);
  search.close();
  for (const rerank of ['some', null, true, {}, { budgetMs: -1 }, { budgetMs: '9' }]) {
    assert.throws(() => checkQuery('x', { rerank: rerank as never }), code('invalid_input'));
  }
});

test('a pair is scored once, whatever the query before it', async () => {
  const search = await start();
  await search.add(DOCUMENTS);
  const first = await search.query(QUERY, { trace: true });
  assert.equal(browser.network.scored.length, 3);
  assert.deepEqual([first.rerank.cached, (await search.stats()).cachedScores], [0, 3]);
  const again = await search.query(QUERY, { trace: true });
  assert.equal(browser.network.scored.length, 3, 'nothing is scored again');
  assert.deepEqual([again.rerank.cached, again.rerank.candidates, again.rerank.tokens], [3, 3, 0]);
  assert.deepEqual(again.hits, first.hits);
  assert.deepEqual(
    again.trace?.candidates.map(({ scored }) => scored),
    ['cached', 'cached', 'cached'],
  );
  assert.deepEqual(
    first.trace?.candidates.map(({ scored }) => scored),
    ['computed', 'computed', 'computed'],
  );
  const embedded = browser.workers.flatMap(({ calls }) => calls).filter((call) => call === 'embed').length;
  await search.query(QUERY);
  const later = browser.workers.flatMap(({ calls }) => calls).filter((call) => call === 'embed').length;
  assert.equal(later, embedded, 'nor is the query embedded again');
  await search.query('Lost password');
  assert.equal(browser.network.scored.length, 6, 'another query is another pair');
  search.close();
});

test('a passage that was changed is scored again, and only that', async () => {
  const search = await start();
  await search.add(DOCUMENTS);
  await search.query(QUERY);
  browser.network.scored.length = 0;
  await search.update([{ ...(DOCUMENTS[1] as (typeof DOCUMENTS)[0]), body: 'The password is lost too' }]);
  const { rerank, hits } = await search.query(QUERY);
  assert.deepEqual(browser.network.scored, ['Delete. The password is lost too']);
  assert.deepEqual([rerank.cached, rerank.candidates], [2, 3]);
  assert.equal(hits.find(({ id }) => id === 'delete')?.scores.cross, 20, 'the new score is shown');
  // A field that the models do not read changes no score.
  browser.network.scored.length = 0;
  await search.update([{ ...(DOCUMENTS[0] as (typeof DOCUMENTS)[0]), views: 91 }]);
  const { hits: after } = await search.query(QUERY);
  assert.deepEqual(browser.network.scored, []);
  assert.equal(after.find(({ id }) => id === 'reset')?.document.views, 91);
  search.close();
});

test('scores read before an abort are kept, and the next query goes on from there', async () => {
  const search = await start({ workers: 1 });
  await search.add(many(50));
  await search.ready();
  for await (const { stage } of search.stream(QUERY)) if (stage === 'reranked') break;
  await soon(50);
  const kept = (await search.stats()).cachedScores;
  assert.ok(kept > 0 && kept < 50, `${kept} scores were kept`);
  const { rerank } = await search.query(QUERY);
  assert.deepEqual([rerank.cached, rerank.candidates], [kept, 50]);
  search.close();
});

test('the cache is bounded, and can be turned off', async () => {
  const off = await start({ cacheScores: false });
  await off.add(DOCUMENTS);
  await off.query(QUERY);
  assert.equal((await off.query(QUERY)).rerank.cached, 0);
  assert.equal(browser.network.scored.length, 6);
  off.close();
  const small = await start({ cacheScores: { entries: 2 } });
  await small.add(DOCUMENTS);
  await small.query(QUERY);
  assert.equal((await small.stats()).cachedScores, 2);
  small.close();
  await assert.rejects(start({ cacheScores: { entries: 0 } }), code('invalid_options'));
  await assert.rejects(start({ cacheScores: { maxAgeMs: 0.5 } }), code('invalid_options'));
});

test('the cache tells queries, passages and models apart, and forgets in time', async (t) => {
  const [a, b] = found(2).candidates as [Candidate, Candidate];
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  const cache = new ScoreCache({ maxAgeMs: 100 });
  cache.set('model', 'query', a, 1);
  cache.set('model', 'query', b, 2);
  cache.set('model', 'other', a, 3);
  cache.set('another', 'query', a, 4);
  cache.set(undefined, 'query', a, 5);
  assert.equal(cache.size, 4);
  assert.deepEqual(
    [cache.get('model', 'query', a), cache.get('model', 'query', b), cache.get('model', 'other', a)],
    [1, 2, 3],
  );
  assert.equal(cache.get('another', 'query', a), 4);
  assert.equal(cache.get(undefined, 'query', a), undefined);
  now += 50;
  await soon(5);
  cache.set('model', 'query', b, 2);
  now += 60;
  // The cache looks at the clock once in a millisecond.
  await soon(5);
  assert.equal(cache.get('model', 'query', a), undefined, 'its time is over');
  assert.equal(cache.get('model', 'query', b), 2);
});
