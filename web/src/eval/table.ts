/** A report as text for a terminal. */
import type { Fidelity } from './fidelity.js';
import { type Metric, STAGES, type StageName } from './outcome.js';
import type { Estimates, Group, Report } from './report.js';
import type { Estimate } from './statistics.js';

const COLUMNS: readonly (readonly [Metric, string])[] = [
  ['ndcg@10', 'nDCG@10'],
  ['mrr@10', 'MRR@10'],
  ['recall@3', 'R@3'],
  ['recall@10', 'R@10'],
  ['recall@50', 'R@50'],
  ['precision@3', 'P@3'],
  ['hit@3', 'hit@3'],
  ['wrong@10', 'wrong@10'],
  ['zero', 'zero'],
];

/** Columns padded to their widest cell; the first is aligned left, the others right. */
export function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** @param least slices of fewer queries are left out */
export function toTable(report: Report, least: number): string {
  const { pooled, sets, slices, timings } = report;
  const parts = [section(`All ${pooled.queries} queries`, pooled)];
  if (sets.each.length > 1) {
    parts.push(section(`Mean of the ${sets.each.length} sets`, sets.mean));
    for (const set of sets.each)
      parts.push(section(`${set.name}: ${set.queries} queries, ${set.documents} documents`, set));
  }
  const shown = slices.filter(({ group }) => group.queries >= least);
  if (shown.length > 0) parts.push(slicesTable(shown));
  parts.push(costsTable(report), timingsTable(timings));
  if (report.failures.length > 0) parts.push(failuresTable(report));
  return parts.join('\n\n');
}

function section(title: string, { stages, lift }: Group): string {
  const rows = [[title, ...COLUMNS.map(([, name]) => name)]];
  for (const stage of STAGES) {
    const estimates = stages[stage];
    if (estimates) rows.push([`  ${stage}`, ...COLUMNS.map(([metric]) => cell(estimates, metric))]);
  }
  const last = stages.reranked ?? stages.hybrid;
  const notes = last ? [`  nDCG@10 of the last stage ${interval(last['ndcg@10'])}`] : [];
  if (lift) {
    const at3 = (['ndcg@3', 'hit@3', 'precision@3'] as const).map(
      (metric) => `${metric} ${signed(lift[metric])}`,
    );
    notes.push(`  reranker's lift at 3: ${at3.join(', ')}; nDCG@10 ${signed(lift['ndcg@10'])}`);
  }
  return [align(rows), ...notes].join('\n');
}

function slicesTable(slices: Report['slices']): string {
  const stages: readonly StageName[] = STAGES;
  const rows = [['Slice, nDCG@10', 'queries', ...stages, 'lift', '95 % interval of the last stage']];
  for (const { axis, name, group } of slices) {
    const last = group.stages.reranked ?? group.stages.hybrid;
    rows.push([
      `  ${axis}: ${name}`,
      String(group.queries),
      ...stages.map((stage) => (group.stages[stage] ? cell(group.stages[stage], 'ndcg@10') : '–')),
      group.lift ? plus(group.lift['ndcg@10'].mean) : '–',
      last ? interval(last['ndcg@10']) : '–',
    ]);
  }
  return align(rows);
}

function costsTable({ sets }: Report): string {
  const rows = [
    ['Costs', 'passages', 'embedded', 'seconds', 'passages/s', 'MB indexed', 'MB peak', 'workers'],
  ];
  for (const { name, passages, costs } of sets.each) {
    const { embedded, indexMs, indexedBytes, peakBytes, workers } = costs;
    const rate = embedded > 0 ? (embedded / (indexMs / 1000)).toFixed(1) : '–';
    const sizes = [indexedBytes, peakBytes].map((bytes) => (bytes / 1e6).toFixed(0));
    const counts = [passages, embedded, (indexMs / 1000).toFixed(1)].map(String);
    rows.push([`  ${name}`, ...counts, rate, ...sizes, String(workers)]);
  }
  return align(rows);
}

function timingsTable(timings: Report['timings']): string {
  const rows = [['Milliseconds a query', 'median', '95 %']];
  for (const [stage, { median, p95 }] of Object.entries(timings))
    rows.push([`  ${stage}`, median.toFixed(1), p95.toFixed(1)]);
  return align(rows);
}

function failuresTable({ failures }: Report): string {
  const kinds = new Map<string, typeof failures>();
  for (const trouble of failures)
    kinds.set(trouble.failure.kind, [...(kinds.get(trouble.failure.kind) ?? []), trouble]);
  const parts = [`${failures.length} queries whose answer is not among the first three, by kind of failure`];
  for (const [kind, troubles] of [...kinds].sort(([, a], [, b]) => b.length - a.length)) {
    parts.push(`  ${kind}: ${troubles.length}`);
    for (const { set, id, text, failure, ndcg } of troubles) {
      const place = failure.rank === undefined ? 'not listed' : `place ${failure.rank}`;
      parts.push(`    ${ndcg.toFixed(2)}  ${place.padEnd(10)}  ${set}/${id} "${text}": ${failure.why}`);
    }
  }
  return parts.join('\n');
}

/** nDCG@10 in every set, then means over all queries. */
export function peersTable({ peers = [], sets, pooled }: Report): string {
  const metrics = ['ndcg@10', 'mrr@10', 'hit@3', 'recall@50', 'zero'] as const;
  const row = (name: string, each: (Estimates | undefined)[], all: Estimates, ends: string[]) => [
    `  ${name}`,
    ...[...each.map((found) => found?.['ndcg@10']), ...metrics.map((metric) => all[metric])].map(
      (found) => found?.mean.toFixed(3) ?? '–',
    ),
    ...ends,
  ];
  const names = sets.each.map(({ name }) => name);
  const rows = [
    ['Search', ...names, 'nDCG@10', 'MRR@10', 'hit@3', 'R@50', 'zero', 'ms', 'docsift is ahead by'],
  ];
  for (const peer of peers)
    rows.push(row(peer.name, peer.sets, peer.pooled, [peer.median.toFixed(1), signed(peer.ahead.pooled)]));
  for (const stage of STAGES) {
    const all = pooled.stages[stage];
    const ahead = pooled.ahead[stage];
    const each = sets.each.map(({ stages }) => stages[stage]);
    if (all) rows.push(row(`docsift, ${stage}`, each, all, ['', ahead ? signed(ahead) : '']));
  }
  return align(rows);
}

export function fidelityTable(rows: readonly (readonly [string, Fidelity])[]): string {
  const head = ['Logits', 'queries', 'pairs', 'Spearman', 'least', 'top 5 passages', 'top 5 documents'];
  const table = [[...head, 'nDCG@10', 'reference', 'difference', 'rms', 'greatest']];
  for (const [name, { queries, pairs, spearman, top5, ndcg, logits }] of rows) {
    const numbers = [
      spearman.mean,
      spearman.least,
      top5.passages,
      top5.documents,
      ndcg.found,
      ndcg.reference,
    ];
    const cells = numbers.map((value) => value.toFixed(4));
    const ends = [signed(ndcg.difference), logits.rms.toFixed(4), logits.greatest.toFixed(3)];
    table.push([`  ${name}`, String(queries), String(pairs), ...cells, ...ends]);
  }
  return align(table);
}

function cell(estimates: Estimates, metric: Metric): string {
  const { mean } = estimates[metric];
  return metric === 'wrong@10' ? mean.toFixed(2) : mean.toFixed(3);
}

function interval({ mean, low, high }: Estimate): string {
  return `${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

function signed({ mean, low, high }: Estimate): string {
  return `${plus(mean)} (${plus(low)} to ${plus(high)})`;
}

function plus(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}
