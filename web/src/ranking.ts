/** From candidates and cross-encoder logits to hits and trace. Pure. */
import type { Candidate } from './engine/protocol.js';
import { excerptOf } from './excerpt.js';
import type { Hit, Passage, Scores, SearchDocument, TraceCandidate } from './types.js';

/** A candidate with its final score and its places among the passages, from 1. */
export interface Ranked {
  candidate: Candidate;
  scores: Scores;
  rank: number;
  retrievalRank: number;
}

/** The retriever's own order. */
export function rankRetrieved(candidates: readonly Candidate[]): Ranked[] {
  return candidates.map((candidate, i) => ({
    candidate,
    scores: { ...retrieverScores(candidate), final: candidate.fused },
    rank: i + 1,
    retrievalRank: i + 1,
  }));
}

/**
 * The order by `logit + mixingWeight × cosine`, ties kept in the retriever's order. A passage that has no vector yet
 * counts with the least cosine among the candidates: a zero would bury it, whatever its logit.
 *
 * @param logits one per candidate, in the candidates' order
 */
export function rankReranked(
  candidates: readonly Candidate[],
  logits: ArrayLike<number>,
  mixingWeight: number,
): Ranked[] {
  const cosines = candidates.flatMap(({ cosine }) => cosine ?? []);
  const least = cosines.length > 0 ? Math.min(...cosines) : 0;
  return candidates
    .map((candidate, i) => {
      const cross = logits[i] as number;
      const final = cross + mixingWeight * (candidate.cosine ?? least);
      return {
        candidate,
        scores: { ...retrieverScores(candidate), cross, final },
        rank: 0,
        retrievalRank: i + 1,
      };
    })
    .sort((a, b) => b.scores.final - a.scores.final)
    .map((ranked, i) => ({ ...ranked, rank: i + 1 }));
}

/** The best `limit` documents, each by its best passage. */
export function toHits(ranked: readonly Ranked[], query: string, limit: number): Hit[] {
  const retrieved = bestPerDocument([...ranked].sort((a, b) => a.retrievalRank - b.retrievalRank));
  const retrievalRanks = new Map(retrieved.map(({ candidate }, i) => [candidate.documentId, i + 1]));
  return bestPerDocument(ranked)
    .slice(0, limit)
    .map(({ candidate, scores }, i) => ({
      id: candidate.documentId,
      document: documentOf(candidate),
      passage: passageOf(candidate),
      excerpt: excerptOf(candidate.text, query),
      scores,
      rank: i + 1,
      retrievalRank: retrievalRanks.get(candidate.documentId) as number,
    }));
}

/** Every candidate, in its final order. */
export function toTrace(ranked: readonly Ranked[]): TraceCandidate[] {
  return ranked.map(({ candidate, scores, rank, retrievalRank }) => ({
    documentId: candidate.documentId,
    title: documentOf(candidate).title,
    passage: passageOf(candidate),
    input: candidate.input,
    scores,
    rank,
    retrievalRank,
  }));
}

function bestPerDocument(ordered: readonly Ranked[]): Ranked[] {
  const best = new Map<string, Ranked>();
  for (const ranked of ordered) {
    if (!best.has(ranked.candidate.documentId)) best.set(ranked.candidate.documentId, ranked);
  }
  return [...best.values()];
}

function retrieverScores({ cosine, bm25, fused }: Candidate): Omit<Scores, 'final'> {
  return { cosine, bm25, fused };
}

function documentOf({ document }: Candidate): SearchDocument {
  return document as SearchDocument;
}

function passageOf({ text, heading, anchor }: Candidate): Passage {
  return { text, heading, anchor };
}
