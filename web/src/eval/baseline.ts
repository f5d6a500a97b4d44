/** Holding a report against one that was kept. */
import { readFileSync, writeFileSync } from 'node:fs';
import { DocsiftError } from '../errors.js';
import type { StageName } from './outcome.js';
import type { Group, Report } from './report.js';

/** The metrics that are held, of the stages that a user sees. */
const HELD_METRICS = ['ndcg@10', 'mrr@10', 'recall@50'] as const;
const HELD_STAGES: readonly StageName[] = ['lexical', 'hybrid', 'reranked'];

type HeldMetric = (typeof HELD_METRICS)[number];

/** What is kept of a report: means of groups of queries, by the group's name. */
export interface Baseline {
  version: 1;
  groups: Record<string, { queries: number; stages: Partial<Record<StageName, Record<HeldMetric, number>>> }>;
}

export interface Fall {
  group: string;
  stage: StageName;
  metric: HeldMetric;
  before: number;
  now: number;
}

export function toBaseline(report: Report): Baseline {
  const groups = Object.fromEntries(namedGroups(report).map(([name, group]) => [name, held(group)]));
  return { version: 1, groups };
}

export function writeBaseline(file: string, report: Report): void {
  writeFileSync(file, `${JSON.stringify(toBaseline(report), null, 1)}\n`);
}

/** Throws `invalid_input` where the file is not a baseline. */
export function readBaseline(file: string): Baseline {
  let json: Partial<Baseline>;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new DocsiftError('invalid_input', `${file}: ${(cause as Error).message}`, { cause });
  }
  if (json.version === 1 && json.groups) return json as Baseline;
  const advice = 'make one with --save-baseline';
  throw new DocsiftError('invalid_input', `${file}: expected a baseline of version 1; ${advice}`);
}

/**
 * What fell by more than the share `tolerance` of its former value. Sets and slices of fewer than `least` queries are
 * left out, since one query moves them; the whole is always held. Throws `invalid_input` where the two reports are of
 * different queries.
 */
export function compare(report: Report, baseline: Baseline, tolerance = 0.02, least = 20): Fall[] {
  const falls: Fall[] = [];
  for (const [name, group] of namedGroups(report)) {
    const former = baseline.groups[name];
    if (name === WHOLE && former?.queries !== group.queries) {
      const counts = `expected ${former?.queries ?? 0} queries as in the baseline, found ${group.queries}`;
      throw new DocsiftError('invalid_input', `${counts}; give the same sets, or make the baseline anew`);
    }
    if (!former || (name !== WHOLE && group.queries < least)) continue;
    const current = held(group);
    for (const stage of HELD_STAGES) {
      for (const metric of HELD_METRICS) {
        const before = former.stages[stage]?.[metric];
        const now = current.stages[stage]?.[metric];
        if (before === undefined) continue;
        // A stage that is gone has fallen to nothing.
        if ((now ?? 0) < before * (1 - tolerance))
          falls.push({ group: name, stage, metric, before, now: now ?? 0 });
      }
    }
  }
  return falls;
}

const WHOLE = 'all queries';

function namedGroups({ pooled, sets, slices }: Report): [name: string, group: Group][] {
  return [
    [WHOLE, pooled],
    ...sets.each.map((set): [string, Group] => [`set: ${set.name}`, set]),
    ...slices.map(({ axis, name, group }): [string, Group] => [`${axis}: ${name}`, group]),
  ];
}

function held({ queries, stages }: Group): Baseline['groups'][string] {
  const kept: Baseline['groups'][string] = { queries, stages: {} };
  for (const stage of HELD_STAGES) {
    const estimates = stages[stage];
    if (!estimates) continue;
    const means = HELD_METRICS.map((metric) => [metric, Number(estimates[metric].mean.toFixed(6))]);
    kept.stages[stage] = Object.fromEntries(means) as Record<HeldMetric, number>;
  }
  return kept;
}
