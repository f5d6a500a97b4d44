import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { installBrowser } from './support/fake-browser.js';
import { all, code, DOCUMENTS, many, start } from './support/queries.js';

beforeEach(() => {
  installBrowser();
});

const QUERY = 'lost password';
const sorted = (values: number[]) => [...values].sort((a, b) => a - b);

test('a trace tells the terms, both lists, every score and every step', async () => {
  const search = await start();
  await search.add(DOCUMENTS);
  const { trace, terms } = await search.query(QUERY, { trace: true, where: { section: 'Account' } });
  assert.ok(trace);
  assert.deepEqual(trace.terms, terms);
  assert.deepEqual(
    terms.map(({ text, kind, matched, documents }) => [text, kind, matched, documents]),
    [
      ['lost', 'word', ['lost'], 1],
      ['password', 'word', ['password'], 1],
    ],
  );
  assert.equal(trace.excluded, 1);
  assert.deepEqual(
    trace.candidates.map(({ rank }) => rank),
    [1, 2],
  );
  assert.deepEqual(
    trace.lexical.map(({ documentId, lexicalRank }) => [documentId, lexicalRank]),
    [['reset', 1]],
  );
  const dense = trace.dense.map(({ denseRank }) => denseRank as number);
  assert.deepEqual(dense, sorted(dense));
  const [first] = trace.candidates;
  assert.ok(first);
  assert.deepEqual(
    [first.documentId, first.title, first.scores.cross, first.scores.bm25, first.scored, first.retrievalRank],
    ['reset', 'Reset', 20, 2, 'computed', 1],
  );
  assert.equal(first.scores.fused, first.scores.cosine);
  assert.ok(first.tokens > 0);
  const { steps } = trace;
  assert.deepEqual(
    steps.map(({ step, skipped }) => [step, skipped]),
    [
      ['lexical', undefined],
      ['embedQuery', undefined],
      ['retrieve', undefined],
      ['rerank', undefined],
    ],
  );
  assert.ok(steps.every(({ ms }) => ms >= 0));
  assert.ok((steps[1]?.tokens ?? 0) > 0);
  assert.equal(
    steps[3]?.tokens,
    trace.candidates.reduce((sum, { tokens }) => sum + tokens, 0),
  );
  assert.equal((await search.query(QUERY)).trace, undefined);
  search.close();
});

test('a trace tells what was left out, and why', async () => {
  const search = await start({ models: { reranker: 'refused' } });
  await search.add(DOCUMENTS);
  const [lexical, ...rest] = await all(search.stream(QUERY, { trace: true }));
  const skipped = (trace = lexical?.trace) => trace?.steps.map(({ skipped }) => skipped);
  assert.deepEqual(skipped(), [undefined, 'pending', 'pending', 'pending']);
  const last = rest.at(-1);
  assert.deepEqual(skipped(last?.trace), [undefined, undefined, undefined, last?.reason?.message]);
  const off = await search.query(QUERY, { trace: true, rerank: false });
  assert.deepEqual(skipped(off.trace), [
    undefined,
    'its embedding was kept from an earlier query',
    undefined,
    'off',
  ]);
  search.close();

  const words = await start({ models: { embedder: false } });
  await words.add(DOCUMENTS);
  const { trace } = await words.query(QUERY, { trace: true });
  assert.match(skipped(trace)?.[1] ?? '', /words/);
  words.close();
});

test('documents are shown once, with their other passages', async () => {
  const search = await start();
  await search.add([
    { id: 'a', title: 'Guide', body: 'About colours\n\nA lost password\n\nA password' },
    { id: 'b', title: 'Other', body: 'Nothing' },
  ]);
  const { hits, counts } = await search.query(QUERY);
  assert.equal(counts.candidates, 4);
  assert.deepEqual(
    hits.map(({ id, passage, passages }) => [id, passage.text, passages.map(({ text }) => text)]),
    [
      ['a', 'A lost password', ['A password', 'About colours']],
      ['b', 'Nothing', []],
    ],
  );
  search.close();
});

test('explain says where a document is, or why it is not there', async () => {
  const search = await start();
  await search.add([...DOCUMENTS, ...many(6)]);
  const verdict = async (id: string, options = {}) => {
    const explanation = await search.explain(QUERY, id, options);
    assert.match(explanation.message, /^[A-Z].*\.$/);
    return explanation;
  };
  const found = await verdict('reset');
  assert.ok(found.verdict === 'found');
  assert.deepEqual([found.hit.id, found.hit.rank, found.hit.scores.cross], ['reset', 1, 20]);

  const { hits } = await search.query(QUERY, { limit: 9 });
  const third = hits[2]?.id as string;
  const low = await verdict(third, { limit: 2 });
  assert.ok(low.verdict === 'ranked_too_low');
  assert.deepEqual([low.hit.rank, low.limit], [3, 2]);

  const hybrid = await search.query(QUERY, { limit: 9, rerank: false });
  const ninth = hybrid.hits[8]?.id as string;
  const missed = await verdict(ninth, { retrieve: 4 });
  assert.ok(missed.verdict === 'not_retrieved');
  assert.deepEqual([missed.retrieve, missed.passages[0]?.fusedRank], [4, 9]);
  assert.match(missed.message, /place 9.* 4 best/);

  const filtered = await verdict('reset', { where: { section: 'People' } });
  assert.deepEqual(
    [filtered.verdict, filtered.verdict === 'filtered' && filtered.field],
    ['filtered', 'section'],
  );
  assert.equal((await verdict('never-there')).verdict, 'unknown_document');
  await assert.rejects(search.explain(' ', 'reset'), code('invalid_input'));
  search.close();
});

test('options of retrieval reach the engine, and what makes no sense is refused', async () => {
  const search = await start();
  await search.add(DOCUMENTS);
  const { hits, facets } = await search.query(QUERY, {
    ...{ where: { views: { min: 50 } }, facets: ['section'], limit: 3 },
  });
  assert.deepEqual(
    hits.map(({ id }) => id),
    ['reset'],
  );
  assert.deepEqual(facets, { section: { Account: 2, People: 1 } });
  const wrong = [{ where: [] }, { where: 'x' }, { boost: 1 }, { facets: 'section' }, { facets: [1] }];
  for (const options of [...wrong, { rerankTokens: 0 }, { rerank: 'most' }]) {
    await assert.rejects(
      search.query(QUERY, options as never),
      code('invalid_input'),
      JSON.stringify(options),
    );
  }
  search.close();
});
