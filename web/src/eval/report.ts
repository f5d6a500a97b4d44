/** From the outcomes of all queries to means with their uncertainty: of each set, of all, and of every slice. */
import type { Costs, SetResult } from './evaluate.js';
import type { Failure } from './failures.js';
import type { Fidelity } from './fidelity.js';
import { METRICS, type Metric, type Outcome, STAGES, type StageName, type Values } from './outcome.js';
import type { PeerReport } from './peers.js';
import { AXES, type Axis } from './slices.js';
import { type Estimate, estimateOverGroups, mean, percentile } from './statistics.js';

export type Estimates = Record<Metric, Estimate>;

/** Queries that are looked at together. */
export interface Group {
  queries: number;
  stages: Partial<Record<StageName, Estimates>>;
  /** Last stage less the hybrid one, query by query; absent where nothing was reranked. */
  lift?: Estimates | undefined;
  /** nDCG@10 of the last stage less that of each other one, query by query. */
  ahead: Partial<Record<StageName, Estimate>>;
}

export interface SetReport extends Group {
  name: string;
  documents: number;
  passages: number;
  costs: Costs;
}

export interface Trouble {
  set: string;
  id: string;
  text: string;
  ndcg: number;
  failure: Failure;
  found: string[];
}

export interface Report {
  settings: Record<string, unknown>;
  /** The instruction set of the engine, and how many workers it had. */
  runtime: string;
  workers: number;
  /** Over all queries. */
  pooled: Group;
  /** Means of the sets' means: each set counts the same. */
  sets: { mean: Group; each: SetReport[] };
  slices: { axis: Axis; name: string; group: Group }[];
  /** Milliseconds of each stage over all queries. */
  timings: Record<string, { median: number; p95: number }>;
  /** Means of what the cross-encoder read for a query: passages, and their tokens, about. */
  read: { pairs: number; tokens: number };
  /** Failed queries, worst first. */
  failures: Trouble[];
  /** Other searches over the same queries, where they were asked. */
  peers?: PeerReport[] | undefined;
  /** How far the scores are from others of the same passages, by what was compared; where it was asked for. */
  fidelity?: [name: string, Fidelity][] | undefined;
}

export function toReport(sets: readonly SetResult[], settings: Record<string, unknown>): Report {
  const all = sets.flatMap(({ outcomes }) => outcomes);
  return {
    settings,
    runtime: sets[0]?.runtime ?? 'unknown',
    workers: sets[0]?.costs.workers ?? 0,
    pooled: toGroup([all]),
    sets: {
      mean: toGroup(sets.map(({ outcomes }) => outcomes)),
      each: sets.map(({ name, documents, passages, costs, outcomes }) => ({
        ...{ name, documents, passages, costs },
        ...toGroup([outcomes]),
      })),
    },
    slices: AXES.flatMap((axis) => slicesBy(axis, all)),
    timings: timingsOf(all),
    read: { pairs: mean(all.map(({ pairs }) => pairs)), tokens: mean(all.map(({ tokens }) => tokens)) },
    failures: sets
      .flatMap(({ name, outcomes }) => troublesOf(name, outcomes))
      .sort((a, b) => a.ndcg - b.ndcg),
  };
}

function toGroup(groups: readonly (readonly Outcome[])[]): Group {
  const all = groups.flat();
  const stages: Group['stages'] = {};
  const ahead: Group['ahead'] = {};
  for (const stage of STAGES) {
    if (!all.every(({ values }) => values[stage])) continue;
    stages[stage] = estimates(groups, (outcome) => outcome.values[stage] as Values);
    if (stage !== 'reranked') ahead[stage] = estimateOf(groups, (outcome) => lead(outcome, stage));
  }
  const lift =
    stages.hybrid && stages.reranked
      ? estimates(groups, ({ values }) => less(values.reranked as Values, values.hybrid as Values))
      : undefined;
  return { queries: all.length, stages, lift, ahead };
}

/** Of every metric: over the queries of one group, or over the means of several. */
export function estimates<T>(groups: readonly (readonly T[])[], values: (item: T) => Values): Estimates {
  return byMetric((metric) => estimateOf(groups, (item) => values(item)[metric]));
}

function estimateOf<T>(groups: readonly (readonly T[])[], value: (item: T) => number): Estimate {
  return estimateOverGroups(groups.map((group) => group.map(value)));
}

function lead({ values }: Outcome, stage: StageName): number {
  return (values.reranked?.['ndcg@10'] ?? 0) - (values[stage]?.['ndcg@10'] ?? 0);
}

function less(a: Values, b: Values): Values {
  return byMetric((metric) => a[metric] - b[metric]);
}

function byMetric<T>(make: (metric: Metric) => T): Record<Metric, T> {
  const names = Object.keys(METRICS) as Metric[];
  return Object.fromEntries(names.map((metric) => [metric, make(metric)])) as Record<Metric, T>;
}

function slicesBy(axis: Axis, outcomes: readonly Outcome[]): Report['slices'] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const name = outcome.slices[axis];
    if (name === undefined) continue;
    groups.set(name, [...(groups.get(name) ?? []), outcome]);
  }
  const ordered = [...groups].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  return ordered.map(([name, members]) => ({ axis, name, group: toGroup([members]) }));
}

function timingsOf(outcomes: readonly Outcome[]): Report['timings'] {
  const stages = ['embedQuery', 'retrieve', 'rerank', 'total'] as const;
  const entries = stages.map((stage) => {
    const values = outcomes.map(({ timings }) => timings[stage]);
    return [stage, { median: percentile(values, 0.5), p95: percentile(values, 0.95), mean: mean(values) }];
  });
  return Object.fromEntries(entries);
}

function troublesOf(set: string, outcomes: readonly Outcome[]): Trouble[] {
  return outcomes.flatMap(({ id, text, values, failure, found }) => {
    const ndcg = values.reranked?.['ndcg@10'] ?? 0;
    return failure ? [{ set, id, text, ndcg, failure, found: found.slice(0, 3) }] : [];
  });
}
