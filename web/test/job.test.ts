import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateTokens, Job } from '../src/engine/job.js';

/** Texts of about `tokens` tokens each. */
function texts(count: number, tokens: number): string[] {
  return Array.from({ length: count }, () => 'x'.repeat(Math.floor(tokens * 4.2)));
}

const sizes = (job: Job, budget: number, workers: number) => {
  const taken: number[] = [];
  while (job.waiting) taken.push(job.take(budget, workers).items.length);
  return taken;
};

test('chunks keep to the budget, and shrink towards the end so that workers finish together', () => {
  const job = () => new Job({ role: 'embedder', texts: texts(16, 98), priority: 'corpus' });
  assert.deepEqual(sizes(job(), 400, 1), [4, 4, 4, 4]);
  assert.deepEqual(sizes(job(), 50, 1), Array(16).fill(1), 'one text at least');
  assert.deepEqual(sizes(job(), 1e9, 1), [16]);
  assert.deepEqual(sizes(job(), 1e9, 2), [8, 4, 2, 1, 1]);
});

test('a chunk counts the query with every passage', () => {
  const job = (query: string) => new Job({ role: 'reranker', query, texts: texts(4, 98), priority: 'query' });
  assert.equal(
    job('short').take(1e9, 1).tokens < job('a much longer query than the other').take(1e9, 1).tokens,
    true,
  );
});

test('estimates by characters, and scripts without spaces one by one', () => {
  assert.equal(estimateTokens(''), 0);
  assert.equal(estimateTokens('a'.repeat(42)), 10);
  assert.equal(estimateTokens('密码重置'), 4);
});

test('values find their places in whatever order chunks end', async () => {
  const chunks: [number[], number[]][] = [];
  const job = new Job({
    ...{ role: 'embedder', texts: texts(3, 98), priority: 'corpus' },
    onChunk: (indices, values) => chunks.push([indices, [...values]]),
  });
  const [first, second] = [job.take(100, 1), job.take(1e9, 1)];
  job.deliver(second, Float32Array.of(3, 4, 5, 6));
  assert.equal(job.settled, false);
  job.deliver(first, Float32Array.of(1, 2));
  assert.deepEqual([...(await job.result)], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(chunks, [
    [
      [1, 2],
      [3, 4, 5, 6],
    ],
    [[0], [1, 2]],
  ]);
});

test('a chunk that is given back is done first, and not for ever', async () => {
  const job = new Job({ role: 'reranker', texts: texts(4, 98), priority: 'query' });
  const chunk = job.take(200, 1);
  job.take(100, 1);
  job.giveBack(chunk, new Error('first'));
  const again = job.take(200, 1);
  assert.deepEqual(
    again.items.map(({ index }) => index),
    [0, 1],
  );
  job.giveBack(again, new Error('second'));
  await assert.rejects(job.result, /second/);
  assert.equal(job.waiting, false);
});

test('an aborted job hands out nothing, and drops what comes late', async () => {
  const controller = new AbortController();
  const seen: unknown[] = [];
  const job = new Job({
    ...{ role: 'reranker', texts: texts(4, 98), priority: 'query', signal: controller.signal },
    onChunk: (indices) => seen.push(indices),
  });
  const chunk = job.take(100, 1);
  controller.abort();
  await assert.rejects(job.result, { name: 'AbortError' });
  assert.equal(job.waiting, false);
  job.deliver(chunk, Float32Array.of(1));
  assert.deepEqual(seen, []);
  const late = new Job({ role: 'embedder', texts: ['a'], priority: 'query', signal: controller.signal });
  await assert.rejects(late.result, { name: 'AbortError' });
});

test('no texts are no work', async () => {
  const job = new Job({ role: 'embedder', texts: [], priority: 'query' });
  assert.equal(job.waiting, false);
  assert.equal((await job.result).length, 0);
});
