import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candidate } from '../src/engine/protocol.js';
import { rankReranked, rankRetrieved, toHits, toTrace } from '../src/ranking.js';

function candidate(documentId: string, cosine: number | undefined, text = documentId): Candidate {
  const document = { id: documentId, title: `Title of ${documentId}`, body: text };
  const input = `${document.title}. ${text}`;
  return { passageId: 0, documentId, document, text, input, cosine, bm25: 1, fused: cosine ?? 0 };
}

const order = (ranked: { candidate: Candidate }[]) => ranked.map(({ candidate: { text } }) => text).join(' ');

test('orders by logit + weight × cosine', () => {
  const candidates = [candidate('a', 0.9), candidate('b', 0.5), candidate('c', 0.4)];
  const logits = [-10, -3, 2];
  assert.equal(order(rankReranked(candidates, logits, 0)), 'c b a');
  assert.equal(order(rankReranked(candidates, logits, 20)), 'c a b');
  assert.equal(order(rankReranked(candidates, logits, 100)), 'a b c');
  const [first] = rankReranked(candidates, logits, 20);
  assert.deepEqual(first?.scores, { cosine: 0.4, bm25: 1, fused: 0.4, cross: 2, final: 10 });
});

test('keeps the order of the retriever among equals', () => {
  const candidates = ['a', 'b', 'c', 'd'].map((id) => candidate(id, 0.5));
  assert.equal(order(rankReranked(candidates, [1, 2, 1, 2], 24)), 'b d a c');
});

test('gives a passage without a vector the least cosine there is', () => {
  const candidates = [candidate('a', 0.6), candidate('b', undefined), candidate('c', 0.5)];
  const ranked = rankReranked(candidates, [0, 1, 0], 4);
  assert.deepEqual(
    ranked.map(({ candidate: { documentId }, scores }) => [documentId, scores.final]),
    [
      ['b', 3],
      ['a', 2.4],
      ['c', 2],
    ],
  );
  assert.equal(ranked[0]?.scores.cosine, undefined);
  assert.equal(rankReranked([candidate('a', undefined)], [7], 24)[0]?.scores.final, 7);
});

test('shows each document once, by its best passage, with its places before and after', () => {
  const candidates = [
    candidate('a', 0.9, 'a1'),
    candidate('a', 0.8, 'a2'),
    candidate('b', 0.7, 'b1'),
    candidate('c', 0.6, 'c1'),
  ];
  const ranked = rankReranked(candidates, [0, 5, 1, 9], 0);
  const hits = toHits(ranked, 'query', 5);
  assert.deepEqual(
    hits.map(({ id, passage, rank, retrievalRank }) => [id, passage.text, rank, retrievalRank]),
    [
      ['c', 'c1', 1, 3],
      ['a', 'a2', 2, 1],
      ['b', 'b1', 3, 2],
    ],
  );
  assert.deepEqual(
    toHits(ranked, 'query', 2).map(({ id }) => id),
    ['c', 'a'],
  );
  assert.deepEqual(
    toTrace(ranked).map(({ passage, rank, retrievalRank }) => [passage.text, rank, retrievalRank]),
    [
      ['c1', 1, 4],
      ['a2', 2, 2],
      ['b1', 3, 3],
      ['a1', 4, 1],
    ],
  );
});

test('without reranking, the final score is the fused one', () => {
  const ranked = rankRetrieved([candidate('a', 0.9), candidate('b', 0.8)]);
  const [first, second] = toHits(ranked, 'query', 5);
  assert.deepEqual([first?.rank, first?.retrievalRank, first?.scores.final], [1, 1, 0.9]);
  assert.equal(first?.scores.cross, undefined);
  assert.equal(second?.rank, 2);
});
