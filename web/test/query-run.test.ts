/** The course of a query whose texts are still to be fetched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candidate, Retrieval } from '../src/engine/protocol.js';
import { checkQuery } from '../src/query/options.js';
import type { Snapshot } from '../src/query/present.js';
import { type Backends, QueryRun, type Retriever } from '../src/query/run.js';
import { ScoreCache } from '../src/query/score-cache.js';
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
