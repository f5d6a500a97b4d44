import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { FunctionOptions, SearchDocument } from '../src/index.js';
import { type FakeBrowser, installBrowser } from './support/fake-browser.js';
import { all, code, DOCUMENTS, soon, start } from './support/queries.js';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installBrowser();
});

const QUERY = 'lost password';
const FOUND: SearchDocument[] = [
  { id: 'x', title: 'Elsewhere', body: 'Nothing of the kind', score: 0.9, section: 'A' },
  { id: 'y', title: 'Found', body: 'A lost password', score: 0.5, section: 'B' },
];
const forever = () => new Promise<never>(() => {});

test('a reranker of one’s own gives the order, and no cross-encoder is downloaded', async () => {
  const asked: unknown[] = [];
  const reranker = async (query: string, passages: readonly string[], { signal }: FunctionOptions) => {
    asked.push([query, passages.length, signal.aborted]);
    return passages.map((passage) => passage.length);
  };
  const search = await start({ reranker });
  await search.add(DOCUMENTS);
  const { stage, hits, rerank, reason } = await search.query(QUERY);
  assert.deepEqual([stage, reason, rerank.why], ['reranked', undefined, 'all']);
  const crosses = hits.map(({ scores }) => scores.cross);
  assert.deepEqual(
    crosses,
    [...crosses].sort((a, b) => (b as number) - (a as number)),
  );
  assert.ok(hits.every(({ scores }) => scores.final === scores.cross));
  assert.deepEqual(asked, [[QUERY, 3, false]]);
  await search.query(QUERY);
  assert.equal(asked.length, 2, 'what it gives may depend on more than the pair: it is not kept');
  assert.ok(!browser.network.fetched.some((url) => url.includes('cross')));
  assert.equal((await search.stats()).models.reranker, 'off');
  search.close();
});

for (const [name, reranker, expected, says] of [
  ['takes too long', forever, 'timeout', /within 30 ms/],
  ['throws', () => Promise.reject(new Error('no quota')), 'function_failed', /no quota/],
  ['gives too few scores', async () => [1], 'function_failed', /expected 3 finite numbers, found 1/],
  ['gives no numbers', async () => [1, Number.NaN, 2], 'function_failed', /finite/],
  ['gives nothing', async () => undefined as unknown as number[], 'function_failed', /found 0/],
] as const) {
  test(`a reranker of one’s own that ${name} leaves the order of the retriever, with the reason`, async () => {
    const search = await start({ reranker, timeoutMs: 30 });
    await search.add(DOCUMENTS);
    const results = await all(search.stream(QUERY));
    const last = results.at(-1);
    assert.deepEqual(
      [last?.stage, last?.final, last?.reason?.code, last?.rerank.why],
      [...['hybrid', true, expected, 'failed']],
    );
    assert.match(last?.reason?.message ?? '', says);
    assert.equal(last?.hits[0]?.id, 'reset');
    search.close();
  });
}

test('a function of one’s own is told when the query is given up, and when its time is over', async () => {
  const signals: AbortSignal[] = [];
  const reranker = (_query: string, _passages: readonly string[], { signal }: FunctionOptions) => {
    signals.push(signal);
    return forever();
  };
  const search = await start({ reranker, timeoutMs: 40 });
  await search.add(DOCUMENTS);
  await search.ready();
  const controller = new AbortController();
  const asking = search.query(QUERY, { signal: controller.signal });
  while (signals.length === 0) await soon(1);
  controller.abort();
  await assert.rejects(asking, { name: 'AbortError' });
  assert.equal(signals[0]?.aborted, true);
  await search.query(QUERY);
  assert.equal(signals[1]?.aborted, true);
  search.close();
});

test('a retriever of one’s own is followed by reranking, and needs no embedder', async () => {
  const retriever = (query: string, k: number) => {
    assert.deepEqual([query, k], [QUERY, 50]);
    return FOUND;
  };
  const search = await start({ retriever });
  const results = await all(search.stream(QUERY, { trace: true, facets: ['section'] }));
  const last = results.at(-1);
  assert.deepEqual(
    results.map(({ stage }) => stage).filter((stage, i, all) => stage !== all[i - 1]),
    ['lexical', 'hybrid', 'reranked'],
  );
  assert.deepEqual(
    last?.hits.map(({ id, rank, retrievalRank, scores }) => [
      id,
      rank,
      retrievalRank,
      scores.fused,
      scores.cross,
    ]),
    [
      ['y', 1, 2, 0.5, 20],
      ['x', 2, 1, 0.9, 0],
    ],
  );
  assert.deepEqual(last?.facets, { section: { A: 1, B: 1 } });
  assert.ok(browser.network.fetched.every((url) => url.includes('cross')));
  assert.deepEqual((await search.stats()).models, { embedder: 'off', reranker: 'ready' });
  const filtered = await search.query(QUERY, { where: { section: 'B' }, rerank: false });
  assert.deepEqual(
    filtered.hits.map(({ id }) => id),
    ['y'],
  );
  assert.equal((await search.explain(QUERY, 'x', { where: { section: 'B' } })).verdict, 'filtered');
  assert.equal((await search.explain(QUERY, 'z')).verdict, 'not_retrieved');
  await assert.rejects(search.save('mine'), code('invalid_index'));
  search.close();
});

test('a retriever of one’s own that fails leaves what was found by words', async () => {
  let fail = (): unknown => Promise.reject(new Error('the server is down'));
  const search = await start({ retriever: () => fail() as SearchDocument[], timeoutMs: 30 });
  await search.add(DOCUMENTS);
  const query = async () => {
    const { stage, hits, reason } = await search.query(QUERY);
    return [stage, hits.map(({ id }) => id), reason?.code];
  };
  assert.deepEqual(await query(), ['lexical', ['reset'], 'function_failed']);
  fail = forever;
  assert.deepEqual(await query(), ['lexical', ['reset'], 'timeout']);
  fail = () => [{ id: 'x' }];
  assert.deepEqual(await query(), ['lexical', ['reset'], 'function_failed']);
  fail = () => 'text';
  assert.deepEqual(await query(), ['lexical', ['reset'], 'function_failed']);
  search.close();
});

test('with both functions of one’s own no engine is started', async () => {
  const reranker = (_: string, passages: readonly string[]) => passages.map((_, i) => i);
  const search = await start({ retriever: () => FOUND, reranker });
  const { hits, stage } = await search.query(QUERY);
  assert.deepEqual([stage, hits.map(({ id }) => id)], ['reranked', ['y', 'x']]);
  await search.ready();
  assert.equal(browser.workers.length, 0);
  assert.deepEqual((await search.stats()).memoryBytes, []);
  search.close();
});

test('says what is wrong with the functions', async () => {
  await assert.rejects(start({ reranker: 'cross' as never }), code('invalid_options'));
  await assert.rejects(start({ retriever: {} as never }), code('invalid_options'));
  await assert.rejects(start({ timeoutMs: 0 }), code('invalid_options'));
  await assert.rejects(start({ retriever: () => [], restore: 'x' }), code('invalid_options'));
});
