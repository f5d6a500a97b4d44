/** From candidates and cross-encoder logits to hits. Pure. */
import type { Candidate, Retrieval } from './engine/protocol.js';
import type { Excerpt, Hit, Passage, Scores, SearchDocument } from './types.js';

/** A candidate with its final score and its places among the passages, from 1. */
export interface Ranked {
  candidate: Candidate;
  scores: Scores;
  /** The probability that it answers the query; absent where nothing tells it. */
  score?: number | undefined;
  rank: number;
  retrievalRank: number;
}

/** Of the queries that docsift's rerankers were trained with 95 % have at most so many words. */
const TRAINED_WORDS = 16;

/**
 * How far logits are trusted beside the retriever's score, from 0 to 1: less for queries longer than those of the training.
 * Over seven judged collections nDCG@10 is 0.682 with it, 0.675 without, and hybrid's is 0.678; of queries of a paragraph
 * (LISA) 0.377 and 0.338. Questions to help centers are shorter than that and not touched.
 */
export function trustIn(query: string): number {
  const words = query.split(/\s+/).filter((word) => word !== '').length;
  return Math.min(1, TRAINED_WORDS / words);
}

/**
 * The order of the candidates. Those that have a logit come first, by `trust × logit + mixingWeight × fused`; the others
 * follow in the retriever's order, which also decides ties. Without a mixing weight logits stay what they are. A passage that
 * has no vector yet counts with the least cosine among the candidates: a zero would bury it, whatever its logit. Where none
 * has one, only boosts are added: the fused score is then of another scale.
 *
 * @param logits by the candidates' positions; `undefined` for those that have none, or not yet
 * @param trust see {@link trustIn}
 */
export function rank(
  candidates: readonly Candidate[],
  logits: readonly (number | undefined)[],
  mixingWeight: number,
  trust = 1,
): Ranked[] {
  const cosines = candidates.flatMap(({ cosine }) => cosine ?? []);
  const hasCosines = cosines.length > 0;
  const least = hasCosines ? Math.min(...cosines) : 0;
  return candidates
    .map((candidate, i): Ranked => {
      const { cosine, bm25, boost, fused } = candidate;
      const cross = logits[i];
      const retrieval = hasCosines ? fused + (cosine === undefined ? least : 0) : boost;
      const share = mixingWeight === 0 ? 1 : trust;
      const final = cross === undefined ? fused : share * cross + mixingWeight * retrieval;
      return {
        candidate,
        scores: { cosine, bm25, boost, fused, cross, final },
        rank: 0,
        retrievalRank: i + 1,
      };
    })
    .sort(byLogit)
    .map((ranked, i) => ({ ...ranked, rank: i + 1 }));
}

/** Sorting is stable: what is equal keeps the retriever's order. */
function byLogit({ scores: a }: Ranked, { scores: b }: Ranked): number {
  if (a.cross === undefined || b.cross === undefined) {
    return Number(a.cross === undefined) - Number(b.cross === undefined);
  }
  return b.final - a.final;
}

/** The best `limit` documents, each by its best passage, of which `excerptOf` gives an excerpt. */
export function toHits(
  ranked: readonly Ranked[],
  documents: Retrieval['documents'],
  limit: number,
  excerptOf: (candidate: Candidate) => Excerpt,
): Hit[] {
  const retrieved = byDocument([...ranked].sort((a, b) => a.retrievalRank - b.retrievalRank));
  const retrievalRanks = new Map([...retrieved.keys()].map((id, i) => [id, i + 1]));
  return [...byDocument(ranked)].slice(0, limit).map(([id, [best, ...others]], i) => ({
    id,
    document: documents[id] as SearchDocument,
    passage: passageOf(best.candidate),
    passages: others.map(({ candidate }) => passageOf(candidate)),
    excerpt: excerptOf(best.candidate),
    score: best.score,
    scores: best.scores,
    rank: i + 1,
    retrievalRank: retrievalRanks.get(id) as number,
  }));
}

export function passageOf({ text = '', heading, anchor }: Partial<Passage>): Passage {
  return { text, heading, anchor };
}

/** The passages of each document, in the order given; documents in the order of their first. */
function byDocument(ordered: readonly Ranked[]): Map<string, [Ranked, ...Ranked[]]> {
  const groups = new Map<string, [Ranked, ...Ranked[]]>();
  for (const ranked of ordered) {
    const group = groups.get(ranked.candidate.documentId);
    if (group) group.push(ranked);
    else groups.set(ranked.candidate.documentId, [ranked]);
  }
  return groups;
}
