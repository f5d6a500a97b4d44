import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import {
  createSearch,
  DocsiftError,
  deleteIndex,
  listIndexes,
  loadEmbedder,
  loadReranker,
  type Progress,
  type QueryResult,
  type SearchOptions,
} from '../src/index.js';
import { type FakeBrowser, installBrowser } from './support/fake-browser.js';

const DOCUMENTS = [
  {
    id: 'reset',
    title: 'Reset',
    body: 'Choose a new password when the old password is lost',
    section: 'Account',
  },
  { id: 'delete', title: 'Delete', body: 'Remove your account for ever' },
  { id: 'invite', title: 'Invite', body: 'Ask colleagues to join' },
];
const many = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `n${i}`, title: `Article ${i}`, body: `Text number ${i}` }));

const code = (expected: string) => (error: unknown) =>
  error instanceof DocsiftError && error.code === expected;
async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let browser: FakeBrowser;
beforeEach(() => {
  browser = installBrowser();
});

const start = (options: SearchOptions = {}) =>
  createSearch({ modelBaseUrl: 'https://example.org/models', workers: 2, ...options });

test('adds, retrieves, reranks and traces', async () => {
  const progress: Progress[] = [];
  const search = await start({ onProgress: (event) => progress.push(event) });
  await search.add(DOCUMENTS);
  const results = await all(search.stream('lost password', { trace: true, limit: 2 }));
  const result = results.at(-1) as QueryResult;

  assert.equal(result.stage, 'reranked');
  assert.equal(result.reason, undefined);
  assert.equal(result.hits.length, 2);
  const [hit] = result.hits;
  assert.equal(hit?.id, 'reset');
  assert.equal(hit?.document.section, 'Account');
  assert.equal(hit?.scores.cross, 20);
  assert.equal(hit?.scores.final, 20 + 2 * (hit?.scores.cosine ?? 0), 'the weight is the manifest’s');
  assert.equal(hit?.excerpt.text.slice(...(hit.excerpt.highlights[0] as [number, number])), 'password');
  assert.equal(result.trace?.candidates.length, 3);
  assert.deepEqual(result.counts, { candidates: 3, reranked: 3 });
  assert.ok(result.timings.total >= result.timings.rerank && result.timings.rerank > 0);

  assert.deepEqual(
    results.slice(0, 2).map(({ stage, final, hits }) => [stage, final, hits[0]?.scores.cross]),
    [
      ['lexical', false, undefined],
      ['hybrid', false, undefined],
    ],
  );
  assert.deepEqual(
    results.map(({ final }) => final),
    results.map((_, i) => i === results.length - 1),
    'only the last is final',
  );
  const embedded = progress.filter(({ stage }) => stage === 'embed');
  assert.deepEqual(embedded.at(-1), { stage: 'embed', loaded: 3, total: 3 });
  const downloaded = progress.filter(({ stage }) => stage === 'download').map(({ file }) => file);
  assert.deepEqual(downloaded.slice(-2), ['mini.gguf', 'cross.gguf']);

  const stats = await search.stats();
  assert.deepEqual(stats.models, { embedder: 'ready', reranker: 'ready' });
  assert.deepEqual([stats.documents, stats.embedded, stats.memoryBytes.length], [3, 3, 2]);
  search.close();
});

test('models read misspelt words as the documents spell them', async () => {
  const search = await start();
  await search.add(DOCUMENTS);
  const cosineOf = ({ hits }: QueryResult) => hits.find(({ id }) => id === 'reset')?.scores.cosine;
  const right = await search.query('lost password');
  const misspelt = await search.query('lost pasword');
  assert.equal(misspelt.corrected, 'lost password');
  assert.equal(right.corrected, undefined);
  assert.equal(misspelt.hits[0]?.scores.cross, 20);
  assert.equal(cosineOf(misspelt), cosineOf(right));
  // Words are matched as they were typed.
  assert.equal(misspelt.hits[0]?.scores.bm25, 1);

  const asItIs = await search.query('lost pasword', { correct: false });
  assert.equal(asItIs.corrected, undefined);
  assert.equal(asItIs.hits[0]?.scores.cross, 10);
  assert.notEqual(cosineOf(asItIs), cosineOf(right));
  assert.equal((await search.query('lost pasword', { typing: true })).corrected, undefined);
  search.close();
});

test('updates and removes', async () => {
  const search = await start();
  await search.add(DOCUMENTS);
  await assert.rejects(search.add([DOCUMENTS[0] as (typeof DOCUMENTS)[0]]), code('invalid_input'));
  await search.update([{ id: 'invite', title: 'Password', body: 'lost password lost' }]);
  assert.equal((await search.query('lost password')).hits.length, 3);
  assert.equal(await search.remove(['reset', 'unknown']), 1);
  assert.deepEqual(
    (await search.query('lost password')).hits.map(({ id }) => id),
    ['invite', 'delete'],
  );
  search.close();
});

test('while models are on their way, a restored index answers by words, then better', async () => {
  const first = await start();
  await first.add(DOCUMENTS);
  await first.save('help');
  first.close();
  assert.deepEqual(await listIndexes(), ['help']);

  browser.network.delayMs = 30;
  const search = await start({ restore: 'help' });
  const results = await all(search.stream('password'));
  assert.deepEqual(
    results.map(({ stage }) => stage),
    ['lexical', 'hybrid', 'reranked'],
  );
  assert.ok((results.at(-1)?.timings.waiting ?? 0) > 20);
  assert.equal((await search.stats()).embedded, 3, 'nothing was embedded again');
  assert.equal(
    browser.workers.some(({ calls }) => calls.includes('setVectors') && calls.includes('restoreCollection')),
    false,
  );
  search.close();
});

test('an index of another embedder, or one that is not there, is refused', async () => {
  const first = await start();
  await first.add(DOCUMENTS);
  await first.save('mine');
  first.close();
  await assert.rejects(start({ restore: 'mine', models: { embedder: 'other' } }), code('invalid_index'));
  await deleteIndex('mine');
  await assert.rejects(start({ restore: 'mine' }), code('index_not_found'));
  assert.ok(
    browser.workers.every(({ terminated }) => terminated),
    'no worker is left behind',
  );
});

for (const [name, models, expected] of [
  ['refused', { reranker: 'refused' }, 'unsupported_architecture'],
  ['not in the manifest', { reranker: 'unheard-of' }, 'invalid_manifest'],
] as const) {
  test(`a cross-encoder that is ${name} leaves the retriever's order, with the reason`, async () => {
    const search = await start({ models });
    await search.add(DOCUMENTS);
    const result = await search.query('lost password');
    assert.deepEqual([result.stage, result.reason?.code, result.hits[0]?.id], ['hybrid', expected, 'reset']);
    assert.equal((await search.stats()).models.reranker, 'failed');
    search.close();
  });
}

test('a cross-encoder that fails in mid-query leaves the retriever’s order, with the reason', async () => {
  const search = await start();
  await search.add(DOCUMENTS);
  await search.ready();
  browser.before = (request, worker) => request.call === 'score' && worker.crash();
  const result = await search.query('lost password');
  assert.deepEqual(
    [result.stage, result.reason?.code, result.hits[0]?.id],
    ['hybrid', 'worker_crashed', 'reset'],
  );
  browser.before = () => {};
  assert.equal((await search.query('lost password')).stage, 'reranked', 'the next query is reranked again');
  search.close();
});

test('without an embedder a restored index answers by words, with the reason', async () => {
  const first = await start();
  await first.add(DOCUMENTS);
  await first.save('words');
  first.close();
  browser.network.files['mini.gguf'] = 'missing';
  const search = await start({ restore: 'words' });
  const result = await search.query('lost password');
  assert.deepEqual(
    [result.stage, result.reason?.code, result.hits[0]?.id],
    ['lexical', 'download_failed', 'reset'],
  );
  await assert.rejects(search.add(DOCUMENTS), code('download_failed'));
  search.close();
});

test('without a manifest documents are found by their words, and the reason is given', async () => {
  browser.manifest = '<html>';
  const search = await start({ cache: false });
  await assert.rejects(search.add(DOCUMENTS), code('invalid_manifest'));
  const result = await search.query('password');
  assert.deepEqual(
    [result.hits.map(({ id }) => id), result.stage, result.reason?.code],
    [['reset'], 'lexical', 'invalid_manifest'],
  );
  search.close();
});

test('reranking can be left out', async () => {
  const search = await start({ models: { reranker: false } });
  await search.add(DOCUMENTS);
  const result = await search.query('password');
  assert.deepEqual([result.stage, result.reason], ['hybrid', undefined]);
  assert.equal((await search.stats()).models.reranker, 'off');
  search.close();
});

test('the reranker is chosen by what this device affords', async () => {
  const chosen = async (models: SearchOptions['models']) => {
    const search = await start({ models });
    await search.ready();
    const { rerankerId } = await search.stats();
    search.close();
    return rerankerId;
  };
  assert.equal(await chosen({}), 'cross');
  assert.equal(await chosen({ reranker: { budgetMs: 1e9 } }), 'cross');
  assert.equal(await chosen({ reranker: { budgetMs: 1e-9 } }), 'nan');
  assert.equal(await chosen({ embedder: false, reranker: { budgetMs: 1e9 } }), 'nan', 'nothing was measured');
  await assert.rejects(start({ models: { reranker: { budgetMs: 0 } } }), code('invalid_options'));
});

test('a primary that dies takes no documents with it', async () => {
  const search = await start();
  await search.add(many(150));
  await search.add(DOCUMENTS);
  await search.remove(['n7', 'invite']);
  await search.ready();
  const primary = browser.workers[0];
  primary?.crash();
  assert.equal(primary?.terminated, true);
  const result = await search.query('lost password');
  assert.deepEqual([result.stage, result.hits[0]?.id], ['reranked', 'reset']);
  await search.add([]);
  const { documents, embedded } = await search.stats();
  assert.deepEqual([documents, embedded], [151, 151]);
  search.close();
});

test('a primary that dies while documents are embedded finishes all the same', async () => {
  const search = await start();
  let rounds = 0;
  browser.before = (request, worker) => request.call === 'setVectors' && ++rounds === 3 && worker.crash();
  await search.add(many(60));
  const { documents, embedded } = await search.stats();
  assert.deepEqual([documents, embedded, rounds > 3], [60, 60, true]);
  search.close();
});

test('queries are answered while documents are embedded', async () => {
  const search = await start();
  await search.add(DOCUMENTS);
  await search.ready();
  browser.before = (request) => (request.call === 'embed' ? soon(3) : undefined);
  let added = false;
  const adding = search.add(many(200)).then(() => {
    added = true;
  });
  const results = await Promise.all([search.query('lost password'), search.query('remove account')]);
  assert.equal(added, false);
  assert.deepEqual(
    results.map(({ hits }) => hits[0]?.id),
    ['reset', 'delete'],
  );
  await adding;
  assert.equal((await search.stats()).embedded, 203);
  search.close();
});

test('a query can be given up at any stage', async () => {
  const search = await start();
  await search.add(DOCUMENTS);
  await search.ready();
  await assert.rejects(search.query('password', { signal: AbortSignal.abort() }), { name: 'AbortError' });
  for (const call of ['embed', 'retrieve', 'score']) {
    const controller = new AbortController();
    browser.before = (request) => request.call === call && controller.abort();
    await assert.rejects(
      search.query('password', { signal: controller.signal }),
      { name: 'AbortError' },
      call,
    );
  }
  browser.before = () => {};
  assert.equal((await search.query('password')).stage, 'reranked');
  search.close();
});

test('says what is wrong with its arguments', async () => {
  await assert.rejects(start({ workers: 0 }), code('invalid_options'));
  await assert.rejects(start({ precision: 'f16' as 'f32' }), code('invalid_options'));
  await assert.rejects(start({ modelBaseUrl: 'http://' }), code('invalid_options'));
  const search = await start();
  await assert.rejects(search.query('a', { limit: 0 }), code('invalid_input'));
  await assert.rejects(search.query('a', { retrieve: 1.5 }), code('invalid_input'));
  await assert.rejects(search.query(undefined as unknown as string), code('invalid_input'));
  await assert.rejects(search.add('text' as unknown as []), code('invalid_input'));
  await assert.rejects(search.add([{ id: 'x', title: 'x' } as never]), code('invalid_input'));
  assert.deepEqual((await search.query('  ')).hits, []);
  search.close();
  await assert.rejects(search.query('a'), code('closed'));
  await assert.rejects(search.add(DOCUMENTS), code('closed'));
});

test('the models by themselves', async () => {
  const options = { modelBaseUrl: 'https://example.org/models/', workers: 1 };
  const embedder = await loadEmbedder(options);
  assert.equal(embedder.dims, 16);
  const vectors = await embedder.embed(['one', 'two words', '']);
  assert.equal(vectors.length, 48);
  assert.ok(Math.abs(Math.hypot(...vectors.subarray(16, 32)) - 1) < 1e-6);
  await assert.rejects(embedder.embed('one' as unknown as []), code('invalid_input'));
  embedder.close();

  const reranker = await loadReranker(options);
  assert.deepEqual([...(await reranker.rerank('a b', ['b a', 'x', 'b']))], [20, 0, 10]);
  const signal = AbortSignal.abort();
  await assert.rejects(reranker.rerank('a', ['b'], { signal }), { name: 'AbortError' });
  reranker.close();
  await assert.rejects(loadReranker({ ...options, model: 'refused' }), code('unsupported_architecture'));
  await assert.rejects(loadEmbedder({ ...options, model: 'refused' }), code('invalid_manifest'));
  assert.ok(
    browser.workers.every(({ terminated }) => terminated),
    'no worker is left behind',
  );
});

test('a folder of one’s own needs no manifest', async () => {
  browser.manifest = '<html>';
  browser.before = (request) => {
    if (request.call !== 'load') return;
    const text = (bytes?: ArrayBuffer) => bytes && new TextDecoder().decode(bytes);
    const { weights, config, tokenizer } = request.params.bytes;
    assert.deepEqual([text(weights), text(config), text(tokenizer)], ['w', 'c', 't']);
  };
  browser.network.files = { 'model.safetensors': 'w', 'config.json': 'c', 'tokenizer.json': 't' };
  const at = (name: string) => `https://example.org/own/${name}`;
  const model = {
    weights: at('model.safetensors'),
    config: at('config.json'),
    tokenizer: at('tokenizer.json'),
  };
  const embedder = await loadEmbedder({ workers: 1, model });
  assert.equal(embedder.info.fingerprint, 'fingerprint of w');
  embedder.close();
});
