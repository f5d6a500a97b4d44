/** One option of query at several values, over the same queries: what quality it buys, and at what cost. */
import type { SetResult } from './evaluate.js';
import type { Outcome } from './outcome.js';
import { type Estimates, estimates } from './report.js';
import { type Estimate, estimate, mean, percentile } from './statistics.js';

export interface SweepRow {
  value: unknown;
  /** nDCG@10 of each set. */
  sets: { name: string; ndcg: number }[];
  /** Over all queries. */
  pooled: Estimates;
  /** nDCG@10 less that with the first value, query by query. */
  difference: Estimate;
  /** Means of what the cross-encoder read for a query. */
  read: { pairs: number; tokens: number };
  /** Medians of milliseconds; absent where scores were cached. */
  ms?: { rerank: number; total: number } | undefined;
}

/**
 * @param results of all sets, by value
 * @param timed whether times mean something
 */
export function toSweep(
  values: readonly unknown[],
  results: readonly (readonly SetResult[])[],
  timed: boolean,
): SweepRow[] {
  const first = outcomesOf(results[0] ?? []);
  return values.map((value, i) => {
    const sets = results[i] ?? [];
    const all = outcomesOf(sets);
    const times = (stage: 'rerank' | 'total') =>
      percentile(
        all.map(({ timings }) => timings[stage]),
        0.5,
      );
    return {
      value,
      sets: sets.map(({ name, outcomes }) => ({ name, ndcg: mean(outcomes.map(ndcg)) })),
      pooled: estimates([all], lastOf),
      difference: estimate(all.map((outcome, query) => ndcg(outcome) - ndcg(first[query] as Outcome))),
      read: { pairs: mean(all.map(({ pairs }) => pairs)), tokens: mean(all.map(({ tokens }) => tokens)) },
      ms: timed ? { rerank: times('rerank'), total: times('total') } : undefined,
    };
  });
}

function outcomesOf(sets: readonly SetResult[]): Outcome[] {
  return sets.flatMap(({ outcomes }) => outcomes);
}

function lastOf({ values }: Outcome) {
  return values.reranked as NonNullable<typeof values.reranked>;
}

function ndcg(outcome: Outcome): number {
  return lastOf(outcome)['ndcg@10'];
}
