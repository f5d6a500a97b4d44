import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { QueryResult } from '../src/index.js';
import { type FakeBrowser, installBrowser } from './support/fake-browser.js';
import { all, code, DOCUMENTS, many, soon, start } from './support/queries.js';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installBrowser();
});

const QUERY = 'lost password';
const stagesOf = (results: QueryResult[]) => results.map(({ stage }) => stage);

async function ready(count = 40) {
  const search = await start();
  await search.add(many(count));
  await search.ready();
  // Both workers hold the cross-encoder.
  while (browser.workers.some(({ calls }) => calls.filter((call) => call === 'load').length < 2))
    await soon(5);
  await soon(20);
  return search;
}

test('tells of the stages in their order, and of reranking while it goes on', async () => {
  const search = await ready();
  const results = await all(search.stream(QUERY, { trace: true }));
  const stages = stagesOf(results);
  assert.deepEqual(stages.slice(0, 2), ['lexical', 'hybrid']);
  const partial = results.slice(2);
  assert.ok(partial.length > 3, `${partial.length} results while reranking`);
  assert.ok(partial.every(({ stage }) => stage === 'reranked'));
  assert.deepEqual(
    results.map(({ final }) => final),
    results.map((_, i) => i === results.length - 1),
  );
  const counts = partial.map(({ counts }) => counts.reranked);
  assert.deepEqual(
    counts,
    [...counts].sort((a, b) => a - b),
  );
  assert.ok((counts[0] as number) > 0 && (counts[0] as number) < 40);
  assert.deepEqual(results.at(-1)?.counts, { candidates: 40, reranked: 40 });
  assert.deepEqual(
    results.map(({ rerank }) => rerank.why),
    results.map(({ final }) => (final ? 'all' : 'pending')),
  );
  search.close();
});

test('has the texts of all that is shown, at every stage, and of all candidates where the trace is asked for', async () => {
  const search = await ready();
  const of = async (trace: boolean) => all(search.stream(QUERY, { limit: 3, trace }));
  for (const { hits } of await of(false)) {
    assert.equal(hits.length, 3);
    for (const { document, passage, excerpt } of hits) {
      assert.ok(document.body.includes(passage.text) && passage.text.length > 0);
      assert.ok(excerpt.text.length > 0);
    }
  }
  for (const { trace } of await of(true)) {
    assert.ok((trace?.candidates.length ?? 0) > 3);
    assert.ok(trace?.candidates.every(({ input, passage }) => input.endsWith(passage.text) && passage.text));
  }
  search.close();
});

test('asks for no more texts than it shows before anything is read', async () => {
  const search = await ready();
  const asked: (number | undefined)[] = [];
  for (const worker of [...browser.lexical, ...browser.workers]) {
    worker.before = ({ call, params }) => call === 'retrieve' && asked.push(params.options.texts);
  }
  await search.query(QUERY, { limit: 3 });
  await search.query(QUERY, { limit: 3, rerank: false });
  // By words, then by words and meaning.
  assert.deepEqual(asked, [3, undefined, 3, 3]);
  search.close();
});

test('reads the best candidates first, and shows what it has read before what it has not', async () => {
  const search = await ready();
  const hybrid = await search.query(QUERY, { rerank: false, limit: 40 });
  browser.network.scored.length = 0;
  for await (const { counts, trace } of search.stream(QUERY, { trace: true })) {
    const scored = trace?.candidates.map(({ scores }) => scores.cross !== undefined) ?? [];
    assert.equal(scored.indexOf(false) === -1 ? scored.length : scored.indexOf(false), counts.reranked);
    assert.equal(scored.lastIndexOf(true) + 1, counts.reranked);
    const left = trace?.candidates.slice(counts.reranked).map(({ retrievalRank }) => retrievalRank) ?? [];
    assert.deepEqual(
      left,
      [...left].sort((a, b) => a - b),
      'the rest keeps its order',
    );
  }
  const inputs = hybrid.hits.map(({ document, passage }) => `${document.title}. ${passage.text}`);
  // Two workers take turns, so that neighbours may change places.
  for (const [i, input] of inputs.entries()) {
    const place = browser.network.scored.indexOf(input);
    assert.ok(Math.abs(place - i) <= 4, `candidate ${i} was read as number ${place}`);
  }
  search.close();
});

test('a partial result has the final score of what was read', async () => {
  const search = await ready();
  const results = await all(search.stream(QUERY, { trace: true }));
  const last = results.at(-1)?.trace?.candidates ?? [];
  const finals = new Map(last.map(({ documentId, scores }) => [documentId, scores]));
  for (const { trace } of results.filter(({ stage }) => stage === 'reranked')) {
    for (const { documentId, scores } of trace?.candidates ?? []) {
      if (scores.cross !== undefined) assert.deepEqual(scores, finals.get(documentId));
    }
  }
  const order = last.map(({ scores }) => scores.final);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => b - a),
  );
  search.close();
});

test('a slow reader of a stream gets the latest news, and is not held to every step', async () => {
  const search = await ready(100);
  browser.network.scored.length = 0;
  const seen: QueryResult[] = [];
  for await (const result of search.stream(QUERY, { retrieve: 100 })) {
    seen.push(result);
    while (result.stage === 'reranked' && browser.network.scored.length < 100) await soon(5);
    await soon(5);
  }
  assert.deepEqual(seen.at(-1)?.counts, { candidates: 100, reranked: 100 });
  const partial = seen.filter(({ stage, final }) => stage === 'reranked' && !final);
  assert.ok(partial.length <= 2, `${partial.length} results before the last`);
  search.close();
});

/** How many chunks of passages have been posted to workers. */
const chunks = () => browser.workers.flatMap(({ calls }) => calls).filter((call) => call === 'score').length;

test('leaving the loop ends the work', async () => {
  const search = await ready(100);
  browser.before = (request) => (request.call === 'score' ? soon(5) : undefined);
  for await (const { stage } of search.stream(QUERY, { retrieve: 100 })) if (stage === 'reranked') break;
  const posted = chunks();
  await soon(100);
  assert.equal(chunks(), posted, 'no chunk is posted after the break');
  assert.ok((await search.stats()).cachedScores < 100);
  search.close();
});

test('an abort while passages are read rejects at once, and nothing more is begun', async () => {
  const search = await ready(100);
  browser.before = (request) => (request.call === 'score' ? soon(10) : undefined);
  const controller = new AbortController();
  const seen: string[] = [];
  let posted = 0;
  const streaming = (async () => {
    for await (const { stage } of search.stream(QUERY, { retrieve: 100, signal: controller.signal })) {
      seen.push(stage);
      if (stage !== 'reranked') continue;
      posted = chunks();
      controller.abort();
    }
  })();
  await assert.rejects(streaming, { name: 'AbortError' });
  assert.equal(seen.at(-1), 'reranked');
  await soon(100);
  assert.equal(chunks(), posted, 'no chunk is posted after the abort');
  browser.before = () => {};
  assert.equal((await search.query(QUERY)).stage, 'reranked', 'the next query is served');
  search.close();
});

test('the reason of the signal is what a stream rejects with', async () => {
  const search = await ready(3);
  const reason = new Error('the page was left');
  await assert.rejects(search.query(QUERY, { signal: AbortSignal.abort(reason) }), reason);
  search.close();
});

test('queries at the same time do not disturb each other', async () => {
  const search = await ready();
  const questions = ['lost password', 'password', 'lost', 'filler', 'article 7', 'lost password'];
  const alone: string[][] = [];
  for (const question of questions) {
    alone.push((await search.query(question, { limit: 40 })).hits.map(({ id }) => id));
  }
  const second = await start({ cacheScores: false });
  await second.add(many(40));
  const controller = new AbortController();
  const given = second.query('given up', { signal: controller.signal }).catch((error: Error) => error.name);
  const together = Promise.all(questions.map((question) => second.query(question, { limit: 40 })));
  controller.abort();
  assert.equal(await given, 'AbortError');
  assert.deepEqual(
    (await together).map(({ hits }) => hits.map(({ id }) => id)),
    alone,
  );
  search.close();
  second.close();
});

test('a worker that dies while passages are read costs no score', async () => {
  const search = await ready();
  const before = await search.query(QUERY, { limit: 40, trace: true });
  search.close();

  browser = installBrowser();
  const again = await ready();
  let deaths = 0;
  let chunks = 0;
  browser.before = (request, worker) => {
    if (request.call !== 'score' || ++chunks !== 3) return;
    deaths += 1;
    worker.crash();
  };
  const after = await again.query(QUERY, { limit: 40, trace: true });
  assert.equal(deaths, 1);
  const scores = ({ trace }: QueryResult) => trace?.candidates.map(({ title, scores }) => [title, scores]);
  assert.deepEqual(scores(after), scores(before));
  again.close();
});

test('a cross-encoder that fails after some passages leaves the order of the retriever', async () => {
  const search = await ready();
  let chunks = 0;
  browser.before = (request, worker) => request.call === 'score' && ++chunks > 3 && worker.crash();
  const results = await all(search.stream(QUERY));
  const last = results.at(-1) as QueryResult;
  assert.ok(stagesOf(results).includes('reranked'), 'some were read');
  assert.deepEqual(
    [last.stage, last.final, last.reason?.code, last.counts.reranked, last.rerank.why],
    ['hybrid', true, 'worker_crashed', 0, 'failed'],
  );
  const hybrid = results.find(({ stage }) => stage === 'hybrid');
  assert.deepEqual(
    last.hits.map(({ id }) => id),
    hybrid?.hits.map(({ id }) => id),
  );
  search.close();
});

test('scores that are no numbers are refused', async () => {
  const search = await start({ models: { reranker: 'nan' } });
  await search.add(DOCUMENTS);
  const { stage, reason } = await search.query('lost password');
  assert.deepEqual([stage, reason?.code], ['hybrid', 'invalid_model']);
  assert.equal((await search.stats()).cachedScores, 0);
  search.close();
});

test('closing rejects a stream at once, even while the engine is on its way', async () => {
  browser.wasm = () => new Promise(() => {});
  const search = await start();
  const adding = search.add(DOCUMENTS);
  const asking = search.query('password');
  await soon(10);
  search.close();
  await assert.rejects(asking, code('closed'));
  await assert.rejects(adding, code('closed'));
  await assert.rejects(search.query('password'), code('closed'));
});
