import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClient } from '../src/engine/client.js';
import { Pool, type PoolOptions } from '../src/engine/pool.js';
import type { Request } from '../src/engine/protocol.js';
import { DocsiftError } from '../src/errors.js';
import { fakeEngine } from './support/fake-engine.js';
import { FakeWorker } from './support/fake-worker.js';

const module = new WebAssembly.Module(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
const source = { weights: { url: 'https://example.org/model.gguf', spec: {} } };

interface Setup {
  size?: number;
  files?: Record<string, string>;
  /** Called before worker number `index`, in the order of their starts, serves a request. */
  before?: (request: Request, worker: FakeWorker, index: number) => unknown;
  onPrimaryReplaced?: PoolOptions['onPrimaryReplaced'];
}

function setUp({ size = 2, files = {}, before, onPrimaryReplaced }: Setup = {}) {
  const workers: FakeWorker[] = [];
  const network = { fetched: [] as string[], files };
  const spawn = (onDeath: (error: DocsiftError) => void) => {
    const worker = new FakeWorker(fakeEngine(network));
    const index = workers.push(worker) - 1;
    worker.before = (request) => before?.(request, worker, index);
    return new EngineClient(worker, onDeath);
  };
  const pool = new Pool({
    ...{ size, spawn, module, precision: 'int8', cache: true, onDownload: () => {} },
    ...(onPrimaryReplaced && { onPrimaryReplaced }),
  });
  return { pool, workers, network };
}

const PASSAGES = Array.from(
  { length: 40 },
  (_, i) => `passage ${i} ${i % 3 === 0 ? 'alpha' : ''} ${i % 5 === 0 ? 'beta' : ''} ${'word '.repeat(60)}`,
);
const LOGITS = PASSAGES.map((_, i) => (i % 3 === 0 ? 10 : 0) + (i % 5 === 0 ? 10 : 0));
const QUERY = { priority: 'query' } as const;
const code = (expected: string) => (error: unknown) =>
  error instanceof DocsiftError && error.code === expected;
const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Lets every worker finish loading. */
const settled = () => soon(50);

test('downloads a model once, loads it everywhere, and shares the work out', async () => {
  const { pool, workers, network } = setUp({ size: 3 });
  const info = await pool.load('reranker', source);
  assert.equal(info.fingerprint, 'fingerprint of weights');
  await settled();
  assert.deepEqual(network.fetched, ['https://example.org/model.gguf']);
  const chunks: number[] = [];
  const onChunk = (indices: number[]) => chunks.push(...indices);
  const scores = await pool.score('alpha beta', PASSAGES, { ...QUERY, onChunk });
  assert.deepEqual([...scores], LOGITS);
  assert.deepEqual(
    chunks.sort((a, b) => a - b),
    PASSAGES.map((_, i) => i),
  );
  for (const worker of workers) assert.ok(worker.calls.filter((call) => call === 'score').length > 1);
});

test('scores do not depend on the number of workers', async () => {
  for (const size of [1, 2, 4]) {
    const { pool } = setUp({ size });
    await pool.load('reranker', source);
    assert.deepEqual([...(await pool.score('alpha beta', PASSAGES, QUERY))], LOGITS, `${size} workers`);
  }
});

for (const size of [1, 2]) {
  test(`a worker that dies in mid-work is replaced and its chunk redone (${size} workers)`, async () => {
    let deaths = 0;
    const { pool, workers, network } = setUp({
      size,
      before: (request, worker) => {
        if (request.call === 'score' && deaths < 1) {
          deaths += 1;
          worker.crash();
        }
      },
    });
    await pool.load('reranker', source);
    assert.deepEqual([...(await pool.score('alpha beta', PASSAGES, QUERY))], LOGITS);
    await settled();
    assert.equal(deaths, 1);
    assert.equal(workers.length, size + 1);
    assert.equal(workers.filter(({ terminated }) => terminated).length, 1);
    assert.equal(network.fetched.length, 2, 'the replacement loads the model again');
    assert.ok(workers[size]?.calls.includes('load'));
  });
}

test('a text that kills every worker fails its own job only', async () => {
  const { pool } = setUp({ size: 2 });
  await pool.load('embedder', source);
  await settled();
  const poisoned = pool.embed(['fine', 'TRAP', 'fine'], QUERY);
  await assert.rejects(poisoned, code('worker_crashed'));
  assert.equal((await pool.embed(['fine'], QUERY)).length, 16);
});

test('nothing hangs when workers die of every request, and one that does not is served after', async () => {
  let deadly = true;
  const { pool, workers } = setUp({
    size: 2,
    before: (request, worker) => {
      if (deadly && ['counts', 'embed'].includes(request.call)) worker.crash();
    },
  });
  await pool.load('embedder', source);
  await settled();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await assert.rejects(pool.call('counts', {}), code('worker_crashed'));
    await assert.rejects(pool.embed(['text'], QUERY), code('worker_crashed'));
  }
  assert.ok(workers.length <= 2 + 3 * 4, `${workers.length} workers were started`);
  deadly = false;
  assert.equal((await pool.embed(['text'], QUERY)).length, 16);
  assert.equal((await pool.call('counts', {})).documents, 0);
});

test('nothing hangs when no replacement can be started', async () => {
  let deadly = false;
  const { pool, workers } = setUp({
    size: 2,
    before: (request, worker) => {
      if (deadly && ['init', 'embed', 'counts'].includes(request.call)) worker.crash();
    },
  });
  await pool.load('embedder', source);
  await settled();
  deadly = true;
  await assert.rejects(pool.embed(PASSAGES, QUERY), code('worker_failed'));
  await assert.rejects(pool.call('counts', {}), code('worker_failed'));
  await soon(20);
  assert.ok(workers.length < 12, `${workers.length} workers were started`);
});

test('work outlives its worker while another worker is still starting', async () => {
  let kill = true;
  const { pool } = setUp({
    size: 2,
    before: async (request, worker, index) => {
      if (index === 1 && request.call === 'init') await soon(30);
      if (request.call === 'embed' && kill) {
        kill = false;
        worker.crash();
      }
      if (index === 2 && request.call === 'load') await soon(60);
    },
  });
  await pool.load('embedder', { ...source });
  assert.equal((await pool.embed(['text'], QUERY)).length, 16);
});

test('a script that does not start is said to be so, and not tried for ever', async () => {
  const { pool, workers } = setUp({ size: 1, before: (_, worker) => worker.crash('') });
  await assert.rejects(pool.primary(), code('worker_failed'));
  assert.equal(workers.length, 1);
});

test('a new primary is made whole before it is asked anything, and the request is repeated', async () => {
  const told: string[] = [];
  let killed = false;
  const { pool, workers } = setUp({
    before: (request, worker) => {
      if (request.call === 'counts' && !killed) {
        killed = true;
        worker.crash();
      }
    },
    onPrimaryReplaced: async (client) => {
      told.push('rebuilding');
      await client.call('createCollection', { fingerprint: 'x' });
    },
  });
  assert.deepEqual(await pool.call('counts', {}), { documents: 0, passages: 0, embedded: 0 });
  assert.deepEqual(told, ['rebuilding']);
  assert.deepEqual(workers[2]?.calls, ['init', 'createCollection', 'counts']);
});

const wordless = {
  weights: { url: 'https://example.org/wordless.gguf', spec: {} },
  words: source.weights,
};
const WORDLESS = { 'wordless.gguf': 'wordless' };
const WITH_WORDS = [source.weights.url, wordless.weights.url];

test('words that the embedder has are not fetched again, in a worker that takes another’s place neither', async () => {
  let killed = false;
  const given: unknown[] = [];
  const { pool, workers, network } = setUp({
    size: 3,
    files: WORDLESS,
    before: (request, worker) => {
      if (request.call === 'load' && request.params.role === 'reranker')
        given.push(request.params.bytes.words);
      if (request.call !== 'score' || killed) return;
      killed = true;
      worker.crash();
    },
  });
  await pool.load('embedder', source);
  await pool.load('reranker', wordless);
  await settled();
  assert.deepEqual(network.fetched, WITH_WORDS);
  assert.deepEqual([...(await pool.score('alpha beta', PASSAGES, QUERY))], LOGITS);
  await settled();
  assert.equal(workers.length, 4);
  assert.deepEqual(network.fetched.slice(2), WITH_WORDS, 'each model once more, for the new worker');
  assert.deepEqual(given, Array(4).fill(undefined));
});

test('a reranker by itself has its words fetched, once for all workers and once for each that follows', async () => {
  let killed = false;
  const { pool, network } = setUp({
    size: 2,
    files: WORDLESS,
    before: (request, worker) => {
      if (request.call !== 'score' || killed) return;
      killed = true;
      worker.crash();
    },
  });
  await pool.load('reranker', wordless);
  await settled();
  assert.deepEqual(network.fetched, WITH_WORDS);
  assert.deepEqual([...(await pool.score('alpha beta', PASSAGES, QUERY))], LOGITS);
  await settled();
  assert.deepEqual(network.fetched, [...WITH_WORDS, ...WITH_WORDS]);
});

test('words of another embedder than the one loaded are fetched; without any, it is said that they lack', async () => {
  const { pool, network } = setUp({ files: WORDLESS });
  const { words, ...bare } = wordless;
  await assert.rejects(pool.load('reranker', bare), code('invalid_model'));
  await pool.load('embedder', { weights: { url: 'https://example.org/other.gguf', spec: {} } });
  await pool.load('reranker', { ...bare, words });
  assert.deepEqual(network.fetched.slice(2), WITH_WORDS);
});

test('an abort rejects at once, and no further chunk is posted', async () => {
  let posted = 0;
  const controller = new AbortController();
  const { pool } = setUp({
    size: 2,
    before: async (request) => {
      if (request.call !== 'score') return;
      posted += 1;
      await soon(20);
    },
  });
  await pool.load('reranker', source);
  await settled();
  const scoring = pool.score('alpha', PASSAGES, { ...QUERY, signal: controller.signal });
  await soon(30);
  controller.abort();
  const started = performance.now();
  await assert.rejects(scoring, { name: 'AbortError' });
  assert.ok(performance.now() - started < 10);
  const before = posted;
  await soon(60);
  assert.ok(before > 0 && posted <= before + 2, `${posted - before} chunks after the abort`);
  assert.deepEqual([...(await pool.score('alpha beta', PASSAGES.slice(0, 4), QUERY))], LOGITS.slice(0, 4));
});

test('a query overtakes the embedding of a corpus', async () => {
  const { pool } = setUp({ size: 1, before: () => soon(2) });
  await pool.load('embedder', source);
  let corpusDone = false;
  const corpus = pool.embed(PASSAGES, { priority: 'corpus' }).then(() => {
    corpusDone = true;
  });
  await pool.embed(['a question'], QUERY);
  assert.equal(corpusDone, false);
  await corpus;
});

test('a model that is refused is reported, and leaves the others at work', async () => {
  const { pool, workers } = setUp({
    files: { 'other.gguf': 'bad', 'panics.gguf': 'trap', 'gone.gguf': 'missing' },
  });
  await pool.load('embedder', source);
  const at = (name: string) => ({ weights: { url: `https://example.org/${name}`, spec: {} } });
  await assert.rejects(pool.load('reranker', at('other.gguf')), code('unsupported_architecture'));
  await assert.rejects(pool.load('reranker', at('gone.gguf')), code('download_failed'));
  assert.equal(workers.length, 2);
  await assert.rejects(pool.load('reranker', at('panics.gguf')), code('worker_crashed'));
  assert.equal((await pool.embed(['text'], QUERY)).length, 16);
  assert.equal(workers.length, 3, 'the worker that trapped was replaced');
  await assert.rejects(pool.score('a', ['b'], QUERY), code('worker_failed'), 'no worker holds the reranker');
});

test('closing rejects what waits and ends the workers', async () => {
  const { pool, workers } = setUp({ before: () => soon(5) });
  await pool.load('embedder', source);
  const waiting = [pool.embed(PASSAGES, QUERY), pool.call('counts', {})];
  pool.close();
  for (const promise of waiting) await assert.rejects(promise, code('closed'));
  await assert.rejects(pool.embed(['more'], QUERY), code('closed'));
  await settled();
  assert.ok(workers.every(({ terminated }) => terminated));
});

test('closing ends a worker that never starts', async () => {
  const { pool, workers } = setUp({ size: 1, before: () => new Promise(() => {}) });
  const calling = pool.call('counts', {});
  pool.close();
  await assert.rejects(calling, code('closed'));
  assert.equal(workers[0]?.terminated, true);
});

test('closing fails the jobs that no worker has begun', async () => {
  const { pool } = setUp({ size: 1, before: () => soon(2) });
  await pool.load('embedder', source);
  const jobs = [pool.embed(PASSAGES, QUERY), pool.embed(PASSAGES, QUERY), pool.embed(PASSAGES, QUERY)];
  pool.close();
  for (const job of jobs) await assert.rejects(job, code('closed'));
});

test('parameters that cannot be cloned are the caller’s fault', async () => {
  const { pool } = setUp();
  const documents = [{ id: '1', title: '', body: '', onclick: () => {} }];
  await assert.rejects(pool.call('addDocuments', { documents, replace: false }), code('invalid_input'));
});

test('a worker that says nothing is given up after a minute; one that has spoken is not', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const silent = { postMessage() {}, terminate() {}, onmessage: null, onmessageerror: null, onerror: null };
  const client = new EngineClient(silent);
  const calling = client.call('memory', {});
  calling.catch(() => {});
  t.mock.timers.tick(59_000);
  assert.equal(client.dead, undefined);
  t.mock.timers.tick(1000);
  await assert.rejects(calling, { code: 'worker_failed', message: /no answer within 60 s/ });

  const answering = new FakeWorker(fakeEngine({ fetched: [], files: {} }));
  const other = new EngineClient(answering);
  await other.call('init', { module, kind: 'engine' });
  t.mock.timers.tick(120_000);
  assert.equal(other.dead, undefined);
  other.close(new DocsiftError('closed', 'the test is over'));
});
