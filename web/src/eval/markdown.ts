/** A report as Markdown and as JSON that may be published: numbers and the ids of queries, no text of theirs. */
import { type Metric, STAGES, type StageName } from './outcome.js';
import type { Estimates, Group, Report } from './report.js';
import type { Estimate } from './statistics.js';
import type { SweepRow } from './sweep.js';

const NAMES: Record<StageName, string> = {
  lexical: 'BM25',
  dense: 'bi-encoder',
  hybrid: 'hybrid',
  reranked: 'hybrid + rerank',
};
const METRICS: readonly (readonly [Metric, string])[] = [
  ['ndcg@10', 'nDCG@10'],
  ['mrr@10', 'MRR@10'],
  ['recall@50', 'R@50'],
  ['hit@3', 'hit@3'],
];

/** @param least slices of fewer queries are left out */
export function toMarkdown(report: Report, least: number): string {
  const { sets, pooled, failures, fidelity } = report;
  const many = sets.each.length > 1;
  const parts = [settingsOf(report)];
  if (many) parts.push('## nDCG@10', overview(report));
  sets.each.forEach((set, i) => {
    const title = `## ${set.name}: ${set.queries} queries, ${set.documents} documents, ${set.passages} passages`;
    parts.push(
      title,
      systems(set, (peer) => [peer.sets[i], peer.ahead.sets[i]], report),
    );
  });
  if (many) {
    parts.push(
      `## All ${pooled.queries} queries`,
      systems(pooled, (peer) => [peer.pooled, peer.ahead.pooled], report),
    );
    parts.push(
      `## Mean of the ${sets.each.length} sets`,
      systems(sets.mean, (peer) => [peer.mean, peer.ahead.mean], report),
    );
  }
  const slices = report.slices.filter(({ group }) => group.queries >= least);
  if (slices.length > 0) parts.push(`## Slices of ${least} queries and more, nDCG@10`, slicesTable(slices));
  if (fidelity) parts.push('## Fidelity of the logits', fidelityTable(fidelity));
  if (failures.length > 0)
    parts.push('## Queries whose answer is not among the first three', failuresTable(failures));
  return `${parts.join('\n\n')}\n`;
}

export function sweepToMarkdown(name: string, rows: readonly SweepRow[], report: Report): string {
  const first = JSON.stringify(rows[0]?.value);
  return `${settingsOf(report)}

## Sweep over \`${name}\`

${markdownTable(sweepCells(name, rows))}

Differences are of nDCG@10 to \`${name}\` = ${first}, query by query. Passages and tokens: what the cross-encoder read for a query,
on average.${rows[0]?.ms ? ' Milliseconds are medians, with whatever else the machine did.' : ''}
`;
}

/** A heading row, then one for each value. */
export function sweepCells(name: string, rows: readonly SweepRow[]): string[][] {
  const sets = rows[0]?.sets.map((set) => set.name) ?? [];
  const head = [name, ...(sets.length > 1 ? sets : []), 'nDCG@10', 'difference', 'MRR@10', 'hit@3', 'R@50'];
  const body = rows.map(({ value, sets, pooled, difference, read, ms }) => [
    JSON.stringify(value),
    ...(sets.length > 1 ? sets.map(({ ndcg }) => ndcg.toFixed(3)) : []),
    interval(pooled['ndcg@10']),
    signed(difference),
    ...(['mrr@10', 'hit@3', 'recall@50'] as const).map((metric) => pooled[metric].mean.toFixed(3)),
    ...[read.pairs.toFixed(1), read.tokens.toFixed(0)],
    ...(ms ? [ms.rerank.toFixed(0), ms.total.toFixed(0)] : []),
  ]);
  const costs = ['passages', 'tokens', ...(rows[0]?.ms ? ['rerank ms', 'total ms'] : [])];
  return [[...head, ...costs], ...body];
}

/** The report without what its queries and documents say, rounded. Slices of fewer than `least` queries are left out. */
export function toPublished(report: Report, least: number): unknown {
  const published = {
    ...report,
    slices: report.slices.filter(({ group }) => group.queries >= least),
    failures: report.failures.map(({ set, id, ndcg, failure: { kind, rank } }) => ({
      set,
      id,
      ndcg,
      kind,
      rank,
    })),
  };
  const rounded = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(4)) : value;
  return JSON.parse(JSON.stringify(published, rounded));
}

function settingsOf({ settings, runtime, workers }: Report): string {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ');
  const options = text === '' ? 'all options as they are by default' : text;
  return `Engine: ${runtime}, ${workers} workers; ${options}. Intervals are of 95 %, by a bootstrap over queries.`;
}

function overview({ sets, pooled, peers = [] }: Report): string {
  const head = [
    '',
    ...sets.each.map(({ name }) => name),
    'mean of the sets',
    `all ${pooled.queries} queries`,
  ];
  const row = (name: string, each: (Estimates | undefined)[], mean?: Estimates, all?: Estimates) => [
    name,
    ...each.map((found) => found?.['ndcg@10'].mean.toFixed(3) ?? ''),
    ...[mean, all].map((found) => (found ? interval(found['ndcg@10']) : '')),
  ];
  const own = STAGES.filter((stage) => pooled.stages[stage]).map((stage) =>
    row(
      NAMES[stage],
      sets.each.map(({ stages }) => stages[stage]),
      sets.mean.stages[stage],
      pooled.stages[stage],
    ),
  );
  return markdownTable([
    head,
    ...peers.map((peer) => row(peer.name, peer.sets, peer.mean, peer.pooled)),
    ...own,
  ]);
}

type Peer = NonNullable<Report['peers']>[number];

function systems(
  { stages, ahead }: Group,
  of: (peer: Peer) => [Estimates | undefined, Estimate | undefined],
  { peers = [] }: Report,
): string {
  const head = ['', ...METRICS.map(([, name]) => name), 'no result', 'hybrid + rerank is ahead by'];
  const row = (name: string, found: Estimates, lead: Estimate | undefined) => [
    name,
    ...METRICS.map(([metric]) => interval(found[metric])),
    `${(found.zero.mean * 100).toFixed(0)} %`,
    lead ? signed(lead) : '',
  ];
  const others = peers.flatMap((peer) => {
    const [found, lead] = of(peer);
    return found ? [row(peer.name, found, lead)] : [];
  });
  const own = STAGES.flatMap((stage) => {
    const found = stages[stage];
    return found ? [row(NAMES[stage], found, ahead[stage])] : [];
  });
  return markdownTable([head, ...others, ...own]);
}

function slicesTable(slices: Report['slices']): string {
  const head = ['', 'queries', ...STAGES.map((stage) => NAMES[stage]), 'rerank is ahead of hybrid by'];
  const rows = slices.map(({ axis, name, group: { queries, stages, lift } }) => [
    `${axis}: ${name}`,
    String(queries),
    ...STAGES.map((stage) => stages[stage]?.['ndcg@10'].mean.toFixed(3) ?? ''),
    lift ? signed(lift['ndcg@10']) : '',
  ]);
  return markdownTable([head, ...rows]);
}

function fidelityTable(rows: NonNullable<Report['fidelity']>): string {
  const head = ['', 'queries', 'pairs', 'Spearman, mean', 'least', 'top 5 passages', 'top 5 documents'];
  const cells = rows.map(([name, { queries, pairs, spearman, top5, ndcg }]) => [
    name,
    ...[queries, pairs].map(String),
    ...[spearman.mean, spearman.least, top5.passages, top5.documents].map((value) => value.toFixed(4)),
    ...[ndcg.found, ndcg.reference].map((value) => value.toFixed(4)),
    signed(ndcg.difference, 4),
  ]);
  return markdownTable([[...head, 'nDCG@10', 'of the reference', 'difference'], ...cells]);
}

function failuresTable(failures: Report['failures']): string {
  const kinds = new Map<string, string[]>();
  for (const { set, id, failure } of failures)
    kinds.set(failure.kind, [...(kinds.get(failure.kind) ?? []), `${set}/${id}`]);
  const rows = [...kinds].sort(([, a], [, b]) => b.length - a.length);
  const cells = rows.map(([kind, ids]) => [kind, String(ids.length), ids.slice(0, 10).join(', ')]);
  return markdownTable([['kind', 'queries', 'the worst ten'], ...cells]);
}

export function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function interval({ mean, low, high }: Estimate): string {
  return `${mean.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}

function signed({ mean, low, high }: Estimate, digits = 3): string {
  const plus = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
  return `${plus(mean)} (${plus(low)} to ${plus(high)})`;
}
