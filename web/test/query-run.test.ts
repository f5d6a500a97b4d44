/** The course of a query whose texts are still to be fetched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candidate, Retrieval } from '../src/engine/protocol.js';
import { checkQuery } from '../src/query/options.js';
import type { Snapshot } from '../src/query/present.js';
import { type Backends, QueryRun, type Retriever, type Scorer } from '../src/query/run.js';
import { ScoreCache } from '../src/query/score-cache.js';
import type { QueryOptions } from '../src/types.js';
import { all, soon } from './support/queries.js';

const candidate = (text: string | undefined): Candidate => ({
  ...{ passageId: 0, documentId: 'a', hash: 'h', tokens: 3, bm25: 1, boost: 0, fused: 1 },
  ...(text === undefined ? { textPart: 'texts.1.bin' } : { text, input: text }),
});

const retrieval = (stage: 'lexical' | 'hybrid', text: string | undefined): Retrieval => ({
  ...{ stage, candidates: [candidate(text)], documents: { a: { id: 'a', title: 'A', body: '' } } },
  ...{ terms: [], excluded: 0 },
});

/** Words whose texts come after so many milliseconds; at once where it is `undefined`. */
const words = (texts: number | undefined): Backends['words'] => {
  return async (_text, _options, wanted) => {
    if (texts !== undefined && wanted) await soon(texts);
    const there = texts === undefined || wanted !== undefined;
    return { retrieval: retrieval('lexical', there ? 'by words' : undefined) };
  };
};

const retriever = (retrieve: Retriever['retrieve']): Retriever => ({
  failed: () => false,
  ready: Promise.resolve({}),
  retrieve,
});

async function courseOf(backends: Partial<Backends>) {
  const others = {
    words: words(undefined),
    retriever: undefined,
    scorer: undefined,
    scores: new ScoreCache(false),
  };
  const query = checkQuery('question', {});
  const run = new QueryRun({ ...others, ...backends }, query, new AbortController().signal);
  const told = ({ stage, final, retrieval, reason }: Snapshot) =>
    [stage, retrieval.candidates[0]?.text, final, reason?.message].filter((each) => each !== undefined);
  return (await all(run.snapshots())).map(told);
}

/** Twelve documents, each found by two passages, with their openings. */
const many = (): Retrieval => {
  const ids = Array.from({ length: 12 }, (_, i) => `d${i}`);
  const input = (id: string, part: string) => ({ input: `${id} ${part}`, hash: `${id} ${part}`, tokens: 2 });
  const passage = (id: string, part: string): Candidate => ({
    ...{ passageId: 0, documentId: id, cosine: 0.5, bm25: 1, boost: 0, fused: 0 },
    ...{ ...input(id, part), text: part },
  });
  return {
    ...{ stage: 'hybrid', terms: [], excluded: 0 },
    candidates: ['first', 'second'].flatMap((part) => ids.map((id) => passage(id, part))),
    documents: Object.fromEntries(ids.map((id) => [id, { id, title: id, body: '' }])),
    openings: Object.fromEntries(ids.map((id) => [id, input(id, 'opening')])),
  };
};

/** A reranker by which d0 has the best passages and the worst opening; `asked` are the texts that it reads at a time. */
const scorer = (asked: string[][], openingShare: number): Scorer => ({
  ready: Promise.resolve({ fingerprint: 'f', mixingWeight: 0, openingShare, divisible: true }),
  rate: () => 1,
  score: async (_query, texts, { onScores }) => {
    asked.push([...texts]);
    const logits = texts.map((text) => {
      const place = Number(/\d+/.exec(text)?.[0]);
      return text.endsWith('opening') ? place : -place;
    });
    onScores([...logits.keys()], logits);
    return logits;
  },
});

async function lastOf(backends: Partial<Backends>, options: QueryOptions = {}) {
  const others = { words: words(undefined), scores: new ScoreCache() };
  const retrieving = retriever(async () => ({ retrieval: many() }));
  const run = new QueryRun(
    { ...others, retriever: retrieving, scorer: undefined, ...backends },
    checkQuery('question', options),
    new AbortController().signal,
  );
  return (await all(run.snapshots())).at(-1) as Snapshot;
}

test('reads what the ten best documents open with, after their passages', async () => {
  const asked: string[][] = [];
  const last = await lastOf({ scorer: scorer(asked, 0.5) });
  assert.deepEqual(
    asked.map(({ length }) => length),
    [24, 10],
  );
  assert.deepEqual(
    [...last.openings],
    Array.from({ length: 10 }, (_, i) => [`d${i}`, i]),
  );
  assert.equal(last.rerank.tokens, 24 * 2 + 10 * 2);
  assert.equal(last.rerank.candidates, 24);
});

test('openings are read once, within the budget, and only where they count', async () => {
  const scores = new ScoreCache();
  const asked: string[][] = [];
  await lastOf({ scorer: scorer(asked, 0.5), scores });
  const again = await lastOf({ scorer: scorer(asked, 0.5), scores });
  assert.equal(asked.length, 2);
  assert.equal(again.openings.size, 10);
  assert.equal(again.rerank.tokens, 0);

  assert.equal((await lastOf({ scorer: scorer([], 0) })).openings.size, 0);
  assert.equal((await lastOf({ scorer: scorer([], 0.5) }, { rerank: false })).openings.size, 0);
  // Passages are read a few at a time, openings all or none.
  const short = await lastOf({ scorer: scorer([], 0.5) }, { rerank: { budgetMs: 30 } });
  assert.equal(short.openings.size, 0);
  assert.equal(short.stage, 'reranked');

  const without = { ...many(), openings: undefined };
  const none = await lastOf({
    retriever: retriever(async () => ({ retrieval: without })),
    scorer: scorer([], 0.5),
  });
  assert.equal(none.openings.size, 0);
  assert.equal(none.stage, 'reranked');
});

const after = (ms: number) => async () => {
  await soon(ms);
  return { retrieval: retrieval('hybrid', 'by meaning') };
};

test('shows what the words find at once, and once more with its texts', async () => {
  assert.deepEqual(await courseOf({ words: words(30) }), [
    ['lexical', false],
    ['lexical', 'by words', true],
  ]);
  assert.deepEqual(await courseOf({ words: words(undefined) }), [['lexical', 'by words', true]]);
});

test('does not wait for texts once more is found', async () => {
  assert.deepEqual(await courseOf({ words: words(5), retriever: retriever(after(60)) }), [
    ['lexical', false],
    ['lexical', 'by words', false],
    ['hybrid', 'by meaning', true],
  ]);
  assert.deepEqual(await courseOf({ words: words(60), retriever: retriever(after(5)) }), [
    ['lexical', false],
    ['hybrid', 'by meaning', true],
  ]);
});

test('has the texts of what it ends with where the retriever fails', async () => {
  const failing = retriever(async () => {
    throw new Error('no vector');
  });
  assert.deepEqual(await courseOf({ words: words(30), retriever: failing }), [
    ['lexical', false],
    ['lexical', 'by words', true, 'no vector'],
  ]);
});

test('keeps what the words found where looking for its texts fails', async () => {
  const failing: Backends['words'] = async (_text, _options, wanted) => {
    if (wanted) throw new Error('the worker is gone');
    return { retrieval: retrieval('lexical', undefined) };
  };
  assert.deepEqual(await courseOf({ words: failing }), [
    ['lexical', false],
    ['lexical', true, 'the worker is gone'],
  ]);
});
