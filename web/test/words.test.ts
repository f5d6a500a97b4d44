import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { searchTitles } from '../src/lexical/titles.js';
import { type FakeBrowser, installBrowser } from './support/fake-browser.js';
import { all, code, DOCUMENTS, many, soon, start } from './support/queries.js';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installBrowser();
});

/** Holds the engine's binaries back until it is called. */
function holdEngine(): () => void {
  const { wasm } = browser;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  browser.wasm = async (url) => {
    if (!url.includes('lexical')) await held;
    return wasm(url);
  };
  return release;
}

test('documents are found by their words before engine and models are there', async () => {
  const release = holdEngine();
  const search = await start();
  const adding = search.add(DOCUMENTS);
  const stream = search.stream('lost password', { facets: ['section'] });
  const { value: first } = await stream.next();
  assert.deepEqual(
    [first?.stage, first?.final, first?.hits.map(({ id }) => id), first?.reason],
    ['lexical', false, ['reset'], undefined],
  );
  assert.deepEqual(first?.facets, { section: { Account: 2, People: 1 } });
  assert.deepEqual(
    first?.terms.map(({ text, documents }) => [text, documents]),
    [
      ['lost', 1],
      ['password', 1],
    ],
  );
  assert.equal(browser.workers.length, 0, 'no engine was started');
  assert.deepEqual((await search.stats()).documents, 3);
  assert.equal((await search.stats()).runtime, undefined);
  release();
  const rest = await all(stream);
  assert.equal(rest.at(-1)?.stage, 'reranked');
  await adding;
  assert.equal((await search.stats()).embedded, 3);
  search.close();
});

test('what is asked for while models load is found by meaning once they are there', async () => {
  browser.network.delayMs = 30;
  const search = await start();
  const adding = search.add(DOCUMENTS);
  assert.equal(await search.remove(['invite', 'unknown']), 1);
  const result = await search.query('lost password', { limit: 9 });
  assert.equal(result.stage, 'reranked');
  assert.deepEqual(result.hits.map(({ id }) => id).sort(), ['delete', 'reset'], 'nothing that was removed');
  await adding;
  const { documents, embedded } = await search.stats();
  assert.deepEqual([documents, embedded], [2, 2]);
  search.close();
});

test('documents that are not valid are refused before any model is there', async () => {
  holdEngine();
  const search = await start();
  await assert.rejects(search.add([{ id: 'x', title: 'x' } as never]), code('invalid_input'));
  void search.add(DOCUMENTS).catch(() => {});
  await assert.rejects(search.add([DOCUMENTS[0] as (typeof DOCUMENTS)[0]]), code('invalid_input'));
  search.close();
});

test('a worker of words that dies is replaced, with its documents', async () => {
  holdEngine();
  const search = await start();
  void search.add(DOCUMENTS).catch(() => {});
  const first = async () => (await search.stream('lost password').next()).value;
  assert.deepEqual(
    (await first())?.hits.map(({ id }) => id),
    ['reset'],
  );
  browser.lexical[0]?.crash();
  assert.deepEqual(
    (await first())?.hits.map(({ id }) => id),
    ['reset'],
  );
  assert.equal(browser.lexical.length, 2);

  browser.before = (request, worker) => request.call === 'retrieve' && worker.crash();
  const found = await first();
  assert.deepEqual([found?.hits, found?.reason?.code], [[], 'worker_crashed'], 'titles are searched instead');
  search.close();
});

test('where WebAssembly is blocked, titles are searched, and the reason is given', async (t) => {
  t.mock.method(WebAssembly, 'compile', () =>
    Promise.reject(new WebAssembly.CompileError('Refused to compile: unsafe-eval')),
  );
  const search = await start();
  await assert.rejects(search.add(DOCUMENTS), code('no_wasm'));
  const result = await search.query('how to reset?');
  assert.deepEqual(
    [result.stage, result.final, result.reason?.code, result.hits.map(({ id }) => id)],
    ['lexical', true, 'no_wasm', ['reset']],
  );
  assert.match(result.reason?.message ?? '', /wasm-unsafe-eval/);
  const filtered = await search.query('invite', { where: { section: 'Account' }, facets: ['section'] });
  assert.deepEqual([filtered.hits, filtered.facets], [[], { section: {} }]);
  assert.equal(await search.remove(['reset']), 1);
  assert.deepEqual((await search.query('reset')).hits, []);
  const invite = DOCUMENTS[2] as (typeof DOCUMENTS)[0];
  await assert.rejects(search.add([invite]), code('invalid_input'));
  await assert.rejects(search.update([{ ...invite, title: 'Bring in' }]), code('no_wasm'));
  assert.deepEqual((await search.query('bring')).hits[0]?.document.title, 'Bring in');
  assert.deepEqual(await search.explain('invite', 'delete'), {
    verdict: 'not_retrieved',
    message: 'It is not among the 50 best that were found.',
    retrieve: 50,
    passages: [],
  });
  search.close();
});

test('without its own binary, words are found by the engine’s titles only until it is there', async () => {
  const { wasm } = browser;
  browser.wasm = (url) => (url.includes('lexical') ? new Response('no', { status: 404 }) : wasm(url));
  const search = await start();
  await search.add(DOCUMENTS);
  const results = await all(search.stream('lost password'));
  assert.deepEqual(
    [results[0]?.stage, results[0]?.reason?.code, results.at(-1)?.stage, results.at(-1)?.reason],
    ['lexical', 'download_failed', 'reranked', undefined],
  );
  search.close();
});

test('a search without an embedder downloads no model and answers by words', async () => {
  const search = await start({ models: { embedder: false } });
  await search.add(DOCUMENTS);
  const results = await all(search.stream('lost password'));
  assert.deepEqual(
    results.map(({ stage, final, reason }) => [stage, final, reason]),
    [['lexical', true, undefined]],
  );
  assert.deepEqual(browser.network.fetched, []);
  assert.deepEqual((await search.stats()).models, { embedder: 'off', reranker: 'off' });
  await search.ready();
  search.close();

  const reranked = await start({ models: { embedder: false, reranker: 'cross' } });
  await reranked.add(DOCUMENTS);
  const result = await reranked.query('lost password');
  assert.deepEqual([result.stage, result.hits[0]?.scores.cross], ['reranked', 20]);
  reranked.close();
  await assert.rejects(start({ models: { embedder: false }, restore: 'x' }), code('invalid_options'));
});

test('adding many documents does not hold up the words of those before', async () => {
  const search = await start();
  await search.add(DOCUMENTS);
  browser.before = (request) => (request.call === 'embed' ? soon(5) : undefined);
  const adding = search.add(many(60));
  const { value } = await search.stream('colleagues').next();
  assert.deepEqual(
    value?.hits.map(({ id }) => id),
    ['invite'],
  );
  await adding;
  search.close();
});

test('titles: by the share of the query’s words, other forms and beginnings too', () => {
  const documents = [
    { id: 'a', title: 'Delete a message', body: 'x' },
    { id: 'b', title: 'Message formatting', body: 'x' },
    { id: 'c', title: 'Café opening hours', body: 'x' },
  ];
  const ids = (query: string, options = {}) =>
    searchTitles(documents, query, { limit: 5, ...options }).candidates.map(({ documentId }) => documentId);
  assert.deepEqual(ids('deleting messages'), ['a', 'b']);
  assert.deepEqual(ids('cafe'), ['c']);
  assert.deepEqual(ids('form'), []);
  assert.deepEqual(ids('form', { typing: true }), ['b']);
  assert.deepEqual(ids('how to'), []);
  assert.deepEqual(ids('message', { limit: 1 }), ['a']);
});
