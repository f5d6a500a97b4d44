/** Other searches beside docsift, over the same queries. */
import type { Dataset } from './dataset.js';
import type { SetResult } from './evaluate.js';
import { type Metric, measure, type StageName, type Values } from './outcome.js';
import { type Estimate, estimate, mean, percentile } from './statistics.js';

/** What a search found, in the order of the set's queries: document ids, best first, and how long it took. */
export interface PeerRanking {
  name: string;
  found: string[][];
  milliseconds: number[];
}

export interface PeerReport {
  name: string;
  /** Means over all queries. */
  values: Values;
  /** Means over the queries of each set. */
  sets: { name: string; values: Values }[];
  /** docsift's nDCG@10 less this one's, query by query; 0 in docsift's own row of its last stage. */
  behind: Estimate;
  /** Milliseconds a query; absent where they are not its own. */
  median?: number | undefined;
}

const STAGES_SHOWN: readonly StageName[] = ['lexical', 'hybrid', 'reranked'];

/** @param found what each peer found in each set, in the sets' order */
export function comparePeers(
  datasets: readonly Dataset[],
  results: readonly SetResult[],
  found: readonly (readonly PeerRanking[])[],
): PeerReport[] {
  const own = STAGES_SHOWN.map((stage) => ({
    name: `docsift, ${stage}`,
    rows: results.map(({ outcomes }) => outcomes.map(({ values }) => values[stage] as Values)),
    milliseconds: undefined,
  }));
  const others = (found[0] ?? []).map(({ name }, peer) => ({
    name,
    rows: datasets.map(({ queries }, set) =>
      queries.map(({ grades }, query) => measure(found[set]?.[peer]?.found[query] ?? [], grades)),
    ),
    milliseconds: found.flatMap((peers) => peers[peer]?.milliseconds ?? []),
  }));
  const last = (own.at(-1)?.rows ?? []).flat();
  return [...others, ...own].map(({ name, rows, milliseconds }) => ({
    name,
    values: means(rows.flat()),
    sets: rows.map((values, set) => ({ name: datasets[set]?.name ?? '', values: means(values) })),
    behind: estimate(rows.flat().map((values, i) => (last[i]?.['ndcg@10'] ?? 0) - values['ndcg@10'])),
    median: milliseconds && percentile(milliseconds, 0.5),
  }));
}

function means(rows: readonly Values[]): Values {
  const names = Object.keys(rows[0] ?? {}) as Metric[];
  return Object.fromEntries(names.map((metric) => [metric, mean(rows.map((row) => row[metric]))])) as Values;
}
