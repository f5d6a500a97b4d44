/** Other searches beside docsift, over the same queries. */
import type { Dataset } from './dataset.js';
import type { SetResult } from './evaluate.js';
import { measure } from './outcome.js';
import { type Estimates, estimates } from './report.js';
import { type Estimate, estimate, estimateOverGroups, percentile } from './statistics.js';

/** What a search found, in the order of the set's queries: document ids, best first, and how long it took. */
export interface PeerRanking {
  name: string;
  found: string[][];
  milliseconds: number[];
}

export interface PeerReport {
  name: string;
  /** Over all queries. */
  pooled: Estimates;
  /** Means of the sets' means. */
  mean: Estimates;
  /** Over the queries of each set, in the sets' order. */
  sets: Estimates[];
  /** nDCG@10 of docsift's last stage less this search's, query by query: over all queries, of the mean of sets, and by set. */
  ahead: { pooled: Estimate; mean: Estimate; sets: Estimate[] };
  /** Milliseconds a query. */
  median: number;
}

/** @param found what each peer found in each set, in the sets' order */
export function comparePeers(
  datasets: readonly Dataset[],
  results: readonly SetResult[],
  found: readonly (readonly PeerRanking[])[],
): PeerReport[] {
  return (found[0] ?? []).map(({ name }, peer) => {
    const rows = datasets.map(({ queries }, set) =>
      queries.map(({ grades }, query) => measure(found[set]?.[peer]?.found[query] ?? [], grades)),
    );
    const leads = rows.map((values, set) =>
      values.map((value, query) => {
        const own = results[set]?.outcomes[query]?.values.reranked;
        return (own?.['ndcg@10'] ?? 0) - value['ndcg@10'];
      }),
    );
    const milliseconds = found.flatMap((peers) => peers[peer]?.milliseconds ?? []);
    return {
      name,
      pooled: estimates([rows.flat()], (values) => values),
      mean: estimates(rows, (values) => values),
      sets: rows.map((values) => estimates([values], (value) => value)),
      ahead: { pooled: estimate(leads.flat()), mean: estimateOverGroups(leads), sets: leads.map(estimate) },
      median: percentile(milliseconds, 0.5),
    };
  });
}
