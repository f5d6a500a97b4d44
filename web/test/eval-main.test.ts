/** The command over results that were kept: no engine is started. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SetResult } from '../src/eval/evaluate.js';
import { main, type Surroundings } from '../src/eval/main.js';
import { type Outcome, STAGES, type Values } from '../src/eval/outcome.js';

const QUERIES = 30;
const folder = mkdtempSync(join(tmpdir(), 'docsift-eval-'));
const put = (name: string, lines: object[]) => {
  writeFileSync(join(folder, name), lines.map((line) => JSON.stringify(line)).join('\n'));
  return join(folder, name);
};
const ids = Array.from({ length: QUERIES }, (_, i) => `q${i}`);
const corpus = put('corpus.jsonl', [{ id: 'a', title: 'A secret title', body: 'A secret body.' }]);
const judged = put(
  'help.jsonl',
  ids.map((qid) => ({ qid, query: 'a secret query', relevant: [{ id: 'a', grade: 2 }] })),
);
const set = `${corpus}:${judged}`;

/** Of a ranking whose first relevant document is at a place, or nowhere. */
function valuesOf(place: number): Values {
  const found = place > 0 ? 1 / Math.log2(place + 1) : 0;
  const gain = { 'ndcg@10': found, 'ndcg@3': found, 'mrr@10': place > 0 ? 1 / place : 0 };
  const within = (k: number) => (place > 0 && place <= k ? 1 : 0);
  const shares = {
    'recall@3': within(3),
    'recall@10': within(10),
    'recall@50': within(50),
    'hit@3': within(3),
  };
  return { ...gain, ...shares, 'precision@3': within(3) / 3, 'wrong@10': 0, zero: place > 0 ? 0 : 1 };
}

/** @param places of the relevant document, in the last stage's list, by query; in the others' it is the second */
function resultOf(places: (i: number) => number): SetResult {
  const timings = { waiting: 0, lexical: 0, embedQuery: 1, retrieve: 2, rerank: 3, total: 6 };
  const outcomes = ids.map((id, i): Outcome => {
    const values = Object.fromEntries(
      STAGES.map((stage) => [stage, valuesOf(stage === 'reranked' ? places(i) : 2)]),
    );
    const failure = { kind: 'candidate', rank: 4, why: 'a secret reason' } as const;
    const read = { pairs: 50, tokens: 5000, timings };
    return {
      id,
      text: 'a secret query',
      slices: {},
      values,
      found: [],
      ...read,
      failure: i < 3 ? failure : undefined,
    };
  });
  const costs = { indexMs: 1, embedded: 0, workers: 1, indexedBytes: 1, peakBytes: 1 };
  return { name: 'help', documents: 1, passages: 1, runtime: 'simd128', outcomes, candidates: [], costs };
}

async function run(args: string[], found: SetResult[], more: Partial<Surroundings> = {}) {
  const printed: string[] = [];
  const saved: SetResult[][] = [];
  const code = await main([set, ...args], {
    print: (text) => printed.push(text),
    progress: () => {},
    results: () => ({ found, save: (results) => saved.push(results) }),
    ...more,
  });
  return { code, text: printed.join('\n'), saved };
}

const good = resultOf(() => 1);
const worse = resultOf((i) => (i < 3 ? 2 : 1));

test('a baseline that was saved lets the same results pass, and stops worse ones', async () => {
  const baseline = join(folder, 'baseline.json');
  assert.equal((await run(['--save-baseline', baseline], [good])).code, 0);
  const same = await run(['--baseline', baseline], [good]);
  assert.equal(same.code, 0);
  assert.match(same.text, /nothing fell/);
  const fell = await run(['--baseline', baseline], [worse]);
  assert.equal(fell.code, 1);
  assert.match(fell.text, /✗ all queries, reranked: ndcg@10 fell from 1\.000 to 0\.963/);
  assert.equal((await run(['--baseline', baseline, '--tolerance', '0.1'], [worse])).code, 0);
});

test('what is published has numbers and ids, and no text of queries or documents', async () => {
  const name = join(folder, 'published');
  await run(['--results', name], [worse]);
  for (const end of ['md', 'json', 'svg']) {
    const text = readFileSync(`${name}.${end}`, 'utf8');
    assert.match(text, /0\.963/);
    assert.doesNotMatch(text, /secret/);
  }
  assert.match(readFileSync(`${name}.md`, 'utf8'), /\| candidate \| 3 \| help\/q0, help\/q1, help\/q2 \|/);
  assert.deepEqual(JSON.parse(readFileSync(`${name}.json`, 'utf8')).failures[0], {
    ...{ set: 'help', id: 'q0', kind: 'candidate', rank: 4 },
    ndcg: 0.6309,
  });
});

test('a sweep compares every value with the first', async () => {
  const { text } = await run(['--sweep', 'rerankTokens=256,64'], [good, worse]);
  const [head, first, second] = text.split('\n');
  assert.match(head ?? '', /rerankTokens +nDCG@10 +difference/);
  assert.match(first ?? '', /^256 +1\.000 .* \+0\.000 \(\+0\.000 to \+0\.000\)/);
  assert.match(second ?? '', /^64 +0\.963 .* −0\.037 \(−/);
});

test('rerankers are compared with the first, each evaluated by itself', async () => {
  const asked: unknown[] = [];
  const results: Surroundings['results'] = (_, { reranker }) => {
    asked.push(reranker);
    return { found: [reranker === 'large' ? good : worse], save: () => {} };
  };
  const { text } = await run(['--rerankers', 'large,small'], [], { results });
  assert.deepEqual(asked, ['large', 'small']);
  const [head, first, second] = text.split('\n');
  assert.match(head ?? '', /reranker +nDCG@10 +difference/);
  assert.match(first ?? '', /^"large" +1\.000 /);
  assert.match(second ?? '', /^"small" +0\.963 .* −0\.037 \(−/);
  await run(['--rerankers', 'small'], [], { results });
  assert.deepEqual(asked, ['large', 'small', 'small']);
  for (const wrong of [
    ['large,'],
    ['large,small', '--calibration'],
    ['large,small', '--sweep', 'retrieve=1,2'],
  ])
    await assert.rejects(run(['--rerankers', ...wrong], [good]), { code: 'invalid_options' });
});

test('other searches stand beside docsift, query by query', async () => {
  const peers = async () => [{ name: 'Blind', found: ids.map(() => []), milliseconds: ids.map(() => 2) }];
  const name = join(folder, 'peers');
  const { text } = await run(['--results', name], [good], { peers });
  assert.match(text, /Blind +0\.000 .* 1\.000 +2\.0 +\+1\.000 \(\+1\.000 to \+1\.000\)/);
  assert.match(readFileSync(`${name}.md`, 'utf8'), /\| Blind \| 0\.000 .* \| 100 % \| \+1\.000/);
});

test('results that were kept are not kept again', async () => {
  assert.deepEqual((await run([], [good])).saved, []);
});
