/** What came of one query: its rankings, how good they are, and which slices it belongs to. */
import type { Timings } from '../types.js';
import { explainFailure, type Failure } from './failures.js';
import { hit, ndcg, precision, recall, reciprocalRank, wrong } from './metrics.js';
import { type Observed, rankBy } from './observed.js';
import { type Slices, slicesOf } from './slices.js';

/** The orders that are judged: those of the product's stages, and `dense`, by the cosine of the query as it is. */
export const STAGES = ['lexical', 'dense', 'hybrid', 'reranked'] as const;
export type StageName = (typeof STAGES)[number];

/** The name of each metric, and whether more of it is better. `zero` is the share of queries without any result. */
export const METRICS = {
  'ndcg@10': true,
  'mrr@10': true,
  'recall@3': true,
  'recall@10': true,
  'recall@50': true,
  'precision@3': true,
  'hit@3': true,
  'ndcg@3': true,
  'wrong@10': false,
  zero: false,
} as const;
export type Metric = keyof typeof METRICS;
export type Values = Record<Metric, number>;

export interface Outcome {
  id: string;
  text: string;
  slices: Slices;
  /** By stage; those that were not run are absent. */
  values: Partial<Record<StageName, Values>>;
  /** The first ten documents of the last stage. */
  found: string[];
  timings: Timings;
  /** What the cross-encoder read: passages, and their tokens, about. */
  pairs: number;
  tokens: number;
  /** Why the answer is not among the first three of the last stage. */
  failure?: Failure | undefined;
}

export function judge(observed: Observed): Outcome {
  const { query, passages, uncorrected, reranked, hits, timings } = observed;
  const read = reranked.filter(({ scores }) => scores.cross !== undefined);
  const rankings: Record<StageName, string[]> = {
    lexical: rankBy(
      passages.filter(({ scores }) => scores.bm25 > 0),
      ({ bm25 }) => bm25,
    ),
    dense: rankBy(uncorrected, ({ cosine }) => cosine ?? -1),
    hybrid: rankBy(passages, ({ fused }) => fused),
    reranked: [...hits],
  };
  return {
    id: query.id,
    text: query.text,
    slices: slicesOf(observed),
    values: Object.fromEntries(STAGES.map((stage) => [stage, measure(rankings[stage], query.grades)])),
    found: hits.slice(0, 10),
    timings,
    pairs: read.length,
    tokens: read.reduce((sum, { tokens }) => sum + tokens, 0),
    failure: explainFailure(observed, rankings.hybrid),
  };
}

/** Every metric of one ranking of documents. */
export function measure(ranking: readonly string[], grades: ReadonlyMap<string, number>): Values {
  const ranked = ranking.map((id) => grades.get(id) ?? 0);
  const judged = [...grades.values()];
  return {
    'ndcg@10': ndcg(ranked, judged, 10),
    'mrr@10': reciprocalRank(ranked, 10),
    'recall@3': recall(ranked, judged, 3),
    'recall@10': recall(ranked, judged, 10),
    'recall@50': recall(ranked, judged, 50),
    'precision@3': precision(ranked, 3),
    'hit@3': hit(ranked, 3),
    'ndcg@3': ndcg(ranked, judged, 3),
    'wrong@10': wrong(ranked, 10),
    zero: ranked.length === 0 ? 1 : 0,
  };
}
