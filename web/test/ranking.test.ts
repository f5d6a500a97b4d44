import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candidate } from '../src/engine/protocol.js';
import { rank, toHits, trustIn } from '../src/ranking.js';

function candidate(documentId: string, cosine: number | undefined, text = documentId): Candidate {
  const input = `Title of ${documentId}. ${text}`;
  const identity = { passageId: 0, documentId, text, input, hash: text, tokens: 10 };
  return { ...identity, cosine, bm25: 1, boost: 0, fused: cosine ?? 0 };
}

const documents = Object.fromEntries(
  ['a', 'b', 'c', 'd'].map((id) => [id, { id, title: `Title of ${id}`, body: id }]),
);
const excerptOf = ({ text = '' }: Candidate) => ({ text, highlights: [] });
const order = (ranked: { candidate: Candidate }[]) => ranked.map(({ candidate: { text } }) => text).join(' ');

test('orders by logit + weight × fused score, words and boosts included', () => {
  const candidates = [candidate('a', 0.9), candidate('b', 0.5), candidate('c', 0.4)];
  const logits = [-10, -3, 2];
  assert.equal(order(rank(candidates, logits, 0)), 'c b a');
  assert.equal(order(rank(candidates, logits, 20)), 'c a b');
  assert.equal(order(rank(candidates, logits, 100)), 'a b c');
  const raised = candidates.map((each) => (each.documentId === 'b' ? { ...each, fused: 1 } : each));
  assert.equal(order(rank(raised, logits, 20)), 'b c a');
  const [first] = rank(candidates, logits, 20);
  assert.deepEqual(first?.scores, {
    cosine: 0.4,
    bm25: 1,
    boost: 0,
    fused: 0.4,
    cross: 2,
    opening: undefined,
    final: 10,
  });
});

test('trusts logits less beside the fused score where the query is longer than those of the training', () => {
  assert.equal(trustIn('how do I mute a topic'), 1);
  assert.equal(trustIn(`  ${'word '.repeat(16)}`), 1);
  assert.equal(trustIn('word '.repeat(64)), 0.25);
  assert.equal(trustIn(''), 1);
  const candidates = [candidate('a', 0.9), candidate('b', 0.5)];
  assert.equal(order(rank(candidates, [0, 4], 5, 1)), 'b a');
  const ranked = rank(candidates, [0, 4], 5, 0.25);
  assert.equal(order(ranked), 'a b');
  assert.deepEqual(
    ranked.map(({ scores: { cross, final } }) => [cross, final]),
    [
      [0, 4.5],
      [4, 3.5],
    ],
  );
  const [first] = rank(candidates, [0, 4], 0, 0.25);
  assert.equal(first?.scores.final, 4, 'without a mixing weight a logit stays what it is');
});

test('keeps the order of the retriever among equals', () => {
  const candidates = ['a', 'b', 'c', 'd'].map((id) => candidate(id, 0.5));
  assert.equal(order(rank(candidates, [1, 2, 1, 2], 24)), 'b d a c');
});

test('puts what has no logit after what has one, in the order of the retriever', () => {
  const candidates = ['a', 'b', 'c', 'd'].map((id, i) => candidate(id, 0.9 - i / 10));
  const ranked = rank(candidates, [-9, undefined, -8, undefined], 0);
  assert.equal(order(ranked), 'c a b d');
  assert.deepEqual(
    ranked.map(({ scores }) => scores.final),
    [-8, -9, 0.8, 0.9 - 3 / 10],
  );
});

test('of a passage’s logit a share is that of its document’s opening', () => {
  const candidates = [candidate('a', 0.5), candidate('b', 0.5), candidate('c', 0.5), candidate('d', 0.5)];
  const openings = (logits: [string, number][], share = 0.25) => ({ share, logits: new Map(logits) });
  const all: [string, number][] = [...'abcd'].map((id, i) => [id, 8 * i]);
  const ranked = rank(candidates, [3, 2, 1, 0], 4, 1, openings(all));
  assert.equal(order(ranked), 'd c b a');
  assert.deepEqual(
    ranked.map(({ scores }) => [scores.cross, scores.opening, scores.final]),
    [
      [0, 24, 8],
      [1, 16, 6.75],
      [2, 8, 5.5],
      [3, 0, 4.25],
    ],
  );
  // What was read more of comes first, and what has no logit has no use for an opening.
  const some = rank(candidates, [9, 0, 1, undefined], 4, 1, openings([...all.slice(1, 3), ['d', 99]]));
  assert.equal(order(some), 'c b a d');
  assert.equal(some[3]?.scores.opening, undefined);
  // The whole logit is trusted less for a long query.
  assert.equal(rank(candidates, [4, 0, 0, 0], 4, 0.5, openings([['a', 8]]))[0]?.scores.final, 0.5 * 5 + 2);
});

test('gives a passage without a vector the least cosine there is', () => {
  const candidates = [candidate('a', 0.6), candidate('b', undefined), candidate('c', 0.5)];
  const ranked = rank(candidates, [0, 1, 0], 4);
  assert.deepEqual(
    ranked.map(({ candidate: { documentId }, scores }) => [documentId, scores.final]),
    [
      ['b', 3],
      ['a', 2.4],
      ['c', 2],
    ],
  );
  assert.equal(ranked[0]?.scores.cosine, undefined);
});

test('adds nothing but boosts where no passage has a vector', () => {
  const candidates = [candidate('a', undefined), { ...candidate('b', undefined), boost: 0.5, fused: 1.5 }];
  const ranked = rank(candidates, [7, 6], 24);
  assert.deepEqual(
    ranked.map(({ candidate: { documentId }, scores }) => [documentId, scores.final]),
    [
      ['b', 18],
      ['a', 7],
    ],
  );
});

test('shows each document once, by its best passage, with the others and its places before and after', () => {
  const candidates = [
    candidate('a', 0.9, 'a1'),
    candidate('a', 0.8, 'a2'),
    candidate('b', 0.7, 'b1'),
    candidate('c', 0.6, 'c1'),
  ];
  const ranked = rank(candidates, [0, 5, 1, 9], 0);
  const hits = toHits(ranked, documents, 5, excerptOf);
  assert.deepEqual(
    hits.map(({ id, passage, passages, rank, retrievalRank }) => {
      return [id, passage.text, passages.map(({ text }) => text), rank, retrievalRank];
    }),
    [
      ['c', 'c1', [], 1, 3],
      ['a', 'a2', ['a1'], 2, 1],
      ['b', 'b1', [], 3, 2],
    ],
  );
  assert.equal(hits[0]?.document.title, 'Title of c');
  assert.deepEqual(
    toHits(ranked, documents, 2, excerptOf).map(({ id }) => id),
    ['c', 'a'],
  );
});

test('without reranking, the final score is the fused one', () => {
  const ranked = rank([candidate('a', 0.9), candidate('b', 0.8)], [], 24);
  const [first, second] = toHits(ranked, documents, 5, excerptOf);
  assert.deepEqual([first?.rank, first?.retrievalRank, first?.scores.final], [1, 1, 0.9]);
  assert.equal(first?.scores.cross, undefined);
  assert.equal(second?.rank, 2);
});
