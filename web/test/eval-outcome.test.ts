import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compare, toBaseline } from '../src/eval/baseline.js';
import { type JudgedQuery, readDataset } from '../src/eval/dataset.js';
import { compareLogits } from '../src/eval/fidelity.js';
import { toChart, toTable } from '../src/eval/index.js';
import type { Observed } from '../src/eval/observed.js';
import { judge, type Outcome } from '../src/eval/outcome.js';
import { toReport } from '../src/eval/report.js';
import type { TraceCandidate } from '../src/types.js';

const timings = { waiting: 0, lexical: 0, embedQuery: 1, retrieve: 2, rerank: 3, total: 6 };

/** A passage that stands for its document. */
function passage(id: string, scores: Partial<TraceCandidate['scores']>, text = id): TraceCandidate {
  const all: TraceCandidate['scores'] = { bm25: 0, boost: 0, fused: 0, final: 0, ...scores };
  return {
    documentId: id,
    title: id,
    input: `${id}. ${text}`,
    passage: { text },
    scores: all,
    rank: 1,
    retrievalRank: 1,
    tokens: 1,
  };
}

function query(grades: Record<string, number>, text = 'where is it'): JudgedQuery {
  return { id: 'q', text, kind: 'question', grades: new Map(Object.entries(grades)) };
}

function observed(part: Partial<Observed> & { query: JudgedQuery }): Observed {
  const passages = part.passages ?? [];
  const documents = new Map(
    passages.map(({ documentId: id, passage: { text } }) => [id, { id, title: id, body: text }]),
  );
  return { documents, passages, uncorrected: passages, reranked: [], hits: [], timings, ...part };
}

test('every stage is judged by its own scores', () => {
  const passages = [
    passage('word', { bm25: 9, cosine: 0.1, fused: 0.2 }),
    passage('sense', { bm25: 0, cosine: 0.8, fused: 0.8 }),
    passage('both', { bm25: 5, cosine: 0.7, fused: 0.9 }),
  ];
  const { values } = judge(
    observed({ query: query({ both: 1 }), passages, hits: ['sense', 'word', 'both'] }),
  );
  const places = Object.entries(values).map(([stage, found]) => [stage, 1 / (found['mrr@10'] ?? 0)]);
  assert.deepEqual(Object.fromEntries(places), { lexical: 2, dense: 2, hybrid: 1, reranked: 3 });
  // "sense" shares no word with the query: it is no lexical result, and so no wrong one.
  assert.equal(values.lexical?.['wrong@10'], 1);
});

test('the bi-encoder is judged by the query as it is', () => {
  const passages = [passage('right', { cosine: 0.9 }), passage('wrong', { cosine: 0.1 })];
  const uncorrected = [passage('right', { cosine: 0.1 }), passage('wrong', { cosine: 0.9 })];
  const { values } = judge(observed({ query: query({ right: 1 }), passages, uncorrected }));
  assert.equal(values.dense?.['mrr@10'], 1 / 2);
});

test('a query belongs to slices of its kind and of its answer', () => {
  const body = `${'Beginning. '.repeat(50)}\n\nThe end is here.`;
  const documents = new Map([
    ['a', { id: 'a', title: 'A', body, section: 'Guides > Start', updated: '2023-01-05' }],
    ['b', { id: 'b', title: 'B', body: '', updated: '2024-01-01' }],
  ]);
  const passages = [
    { ...passage('a', { cosine: 0.2 }), passage: { text: 'Beginning. '.repeat(50).trim() } },
    { ...passage('a', { cosine: 0.9 }), passage: { text: 'The end is here.' } },
  ];
  const { slices } = judge(observed({ query: query({ b: 1, a: 2 }), documents, passages, hits: ['a'] }));
  assert.deepEqual(slices, {
    kind: 'question',
    section: 'Guides',
    age: '6 to 12 months',
    length: 'under 25 words',
    position: 'last third',
  });
});

test('a failure has the kind of the first rule that holds', () => {
  const others = ['x', 'y', 'z'].map((id) => passage(id, { cosine: 0.5, fused: 0.5, cross: 1, final: 5 }));
  const answer = (scores: Partial<TraceCandidate['scores']>, text?: string) =>
    passage('answer', { cosine: 0.3, fused: 0.3, ...scores }, text);
  const hits = ['x', 'y', 'z'];
  const kindOf = (part: Partial<Observed> & { query: JudgedQuery }) =>
    judge(observed({ hits, ...part })).failure?.kind;

  const wanted = query({ answer: 2 });
  const low = [...others, answer({ cross: 0, final: 1 })];
  assert.equal(kindOf({ query: wanted, passages: others }), 'missing content');
  assert.equal(kindOf({ query: wanted, passages: low, reranked: others }), 'candidate');
  assert.equal(kindOf({ query: wanted, passages: low, reranked: low }), 'scoring');
  assert.equal(kindOf({ query: query({ answer: 2, y: 1 }), passages: low, reranked: low }), 'intent');
  const strong = [...others, answer({ cross: 4, final: 4.5 })];
  assert.equal(kindOf({ query: wanted, passages: strong, reranked: strong }), 'calibration');
  assert.equal(kindOf({ query: wanted, passages: low, hits: ['x', 'y', 'answer'] }), undefined);

  const spread = query({ answer: 2 }, 'rotate expired signing keys');
  const parts = [answer({ cosine: 0.4 }, 'Rotate them.'), answer({}, 'Signing keys may be expired.')];
  const whole = { id: 'answer', title: 'Keys', body: 'Rotate them.\n\nSigning keys may be expired.' };
  const documents = new Map([['answer', whole]]);
  assert.equal(kindOf({ query: spread, passages: parts, documents, reranked: others }), 'chunking');

  const dated = new Map([
    ['x', { id: 'x', title: 'Install the client', body: '', updated: '2020-01-01' }],
    ['answer', { id: 'answer', title: 'Install the client', body: '', updated: '2024-01-01' }],
  ]);
  assert.equal(kindOf({ query: wanted, passages: low, reranked: low, documents: dated }), 'freshness');
});

function outcome(id: string, ndcg: number, kind: string): Outcome {
  const ranked = ndcg === 1 ? ['a'] : ['b', 'a'];
  const found = judge(observed({ query: { ...query({ a: 1 }), id, kind }, hits: ranked }));
  return found;
}

function reportOf(good: number) {
  const outcomes = Array.from({ length: 40 }, (_, i) =>
    outcome(`q${i}`, i < good ? 1 : 0, i < 25 ? 'question' : 'typo'),
  );
  const costs = { indexMs: 1, embedded: 0, workers: 1, indexedBytes: 1, peakBytes: 1 };
  return toReport(
    [{ name: 'set', documents: 2, passages: 2, runtime: 'simd128', outcomes, candidates: [], costs }],
    {},
  );
}

test('a baseline holds the whole and every slice that is large enough', () => {
  const baseline = toBaseline(reportOf(40));
  assert.deepEqual(compare(reportOf(40), baseline), []);
  assert.deepEqual(compare(reportOf(39), baseline, 0.02), []);
  // Four queries of a small slice: the whole falls, the slice has too few queries to be held.
  const falls = compare(reportOf(36), baseline, 0.02);
  assert.deepEqual([...new Set(falls.map(({ group }) => group))], ['all queries', 'set: set']);
  assert.ok(falls.every(({ stage, now, before }) => stage === 'reranked' && now < before));
  const bySlice = compare(reportOf(36), baseline, 0.02, 10);
  assert.ok(bySlice.some(({ group }) => group === 'kind: typo'));
  assert.ok(!bySlice.some(({ group }) => group === 'kind: question'));
});

test('a baseline of other queries is refused', () => {
  const baseline = toBaseline(reportOf(40));
  baseline.groups['all queries'] = { queries: 41, stages: {} };
  assert.throws(() => compare(reportOf(40), baseline), /expected 41 queries/);
});

test('the table and the chart show every stage', () => {
  const report = reportOf(30);
  const table = toTable(report, 10);
  for (const text of ['All 40 queries', 'reranked', 'kind: typo', 'lift at 3'])
    assert.ok(table.includes(text));
  assert.match(toChart(report), /^<svg .*<\/svg>\n$/s);
});

test('fidelity tells a scoring from its reverse', () => {
  const logits = [3, 2, 1, 0, -1, -2, -3];
  const documents = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const candidate = {
    set: 's',
    query: query({ a: 1 }),
    read: 'where is it',
    inputs: documents,
    documents,
    logits,
    openings: logits.map(() => undefined),
    openingShare: 0,
    added: logits.map(() => 0),
  };
  const same = compareLogits([candidate], [logits], [logits]);
  assert.deepEqual([same.spearman.least, same.top5.documents, same.ndcg.difference.mean], [1, 1, 0]);
  const reversed = compareLogits([candidate], [[...logits].reverse()], [logits]);
  assert.equal(reversed.spearman.mean, -1);
  assert.equal(reversed.top5.passages, 3 / 5);
  assert.ok(reversed.ndcg.difference.mean < -0.5);
});

test('openings are scored anew with other logits', () => {
  // Of "right" the passage is the worse and the opening the better one; "third" is not read by its opening.
  const own = [2, 1, 0, -5, 5];
  const candidate = {
    ...{ set: 's', query: query({ right: 1 }), read: 'where is it', inputs: ['a', 'b', 'c', 'd', 'e'] },
    ...{ documents: ['wrong', 'right', 'third'], logits: own, added: [0, 0, 0] },
    ...{ openings: [3, 4, undefined], openingShare: 0.5 },
  };
  const ndcgOf = (logits: number[]) => compareLogits([candidate], [logits], [own]).ndcg.found;
  assert.equal(ndcgOf(own), 1);
  assert.ok(ndcgOf([2, 1, 0, 5, -5]) < 1);
  // What other logits would not have read by its opening comes last.
  assert.ok(ndcgOf([2, 0, 1, -5, 5]) < ndcgOf([2, 1, 0, 5, -5]));
});

test('BEIR folders and pairs of files are read, and what is wrong in them is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'docsift-eval-'));
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  put(
    'corpus.jsonl',
    '{"_id":"1","title":"One","text":"First"}\n{"_id":"2","title":"","text":"Second"}\n{"_id":"3","title":"","text":" "}\n',
  );
  put('queries.jsonl', '{"_id":"q1","text":"one?","metadata":{"type":"normal"}}\n{"_id":"q2","text":"?"}\n');
  mkdirSync(join(folder, 'qrels'));
  put('qrels/test.tsv', 'query-id\tcorpus-id\tscore\nq1\t1\t2\nq1\t2\t0\nq2\t1\t0\n');
  const beir = readDataset(folder);
  assert.deepEqual(beir.documents, [
    { id: '1', title: 'One', body: 'First' },
    { id: '2', title: '', body: 'Second' },
  ]);
  // A query without anything relevant cannot be judged.
  assert.deepEqual(
    beir.queries.map(({ id, kind, grades }) => [id, kind, [...grades]]),
    [
      [
        'q1',
        'normal',
        [
          ['1', 2],
          ['2', 0],
        ],
      ],
    ],
  );

  const corpus = put('help.json', '[{"id":"a","title":"A","body":"text","section":"S"}]');
  const line = '{"qid":"1","query":"a","slice":"typo","relevant":[{"id":"a","grade":2}]}';
  const pair = readDataset(`${corpus}:${put('help.dev.jsonl', `${line}\n`)}`);
  assert.deepEqual([pair.name, pair.queries[0]?.kind, pair.documents[0]?.section], ['help', 'typo', 'S']);
  const broken = put('broken.jsonl', `${line}\n{`);
  assert.throws(() => readDataset(`${corpus}:${broken}`), /broken\.jsonl:2: expected a JSON object/);
  assert.throws(() => readDataset(join(folder, 'qrels')), /expected a BEIR folder/);
});
