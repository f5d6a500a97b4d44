/** The evaluation as a command. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { QueryOptions } from '../types.js';
import { compare, readBaseline, writeBaseline } from './baseline.js';
import { toChart } from './chart.js';
import { type Dataset, readDataset } from './dataset.js';
import { evaluate, type SetResult } from './evaluate.js';
import {
  type Candidates,
  collectCandidates,
  compareLogits,
  readLogits,
  scoreWith,
  toPairs,
} from './fidelity.js';
import { type Arguments, readArguments, USAGE } from './options.js';
import { comparePeers, type PeerRanking, type PeerReport } from './peers.js';
import { type Report, toReport } from './report.js';
import type { SystemOptions } from './system.js';
import { align, fidelityTable, peersTable, toTable } from './table.js';

/** Where the command prints, and what it may keep between runs. */
export interface Surroundings {
  /** What is evaluated where the arguments name no set. */
  defaultSets?: readonly string[];
  print: (text: string) => void;
  /** Told what is being done, many times a second. */
  progress: (text: string) => void;
  /** An index of these documents from an earlier run, and where to keep this one. */
  keep?: (dataset: Dataset, options: SystemOptions) => Promise<SystemOptions['keep']>;
  /** What other searches find. */
  peers?: (dataset: Dataset, progress: (text: string) => void) => Promise<PeerRanking[]>;
}

/** Runs the command; resolves with its exit code. Rejects with a `DocsiftError` where it cannot be carried out. */
export async function main(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const parsed = readArguments(args);
  const sets = parsed.sets.length > 0 ? parsed.sets : (surroundings.defaultSets ?? []);
  if (parsed.help || sets.length === 0) {
    surroundings.print(USAGE);
    return parsed.help ? 0 : 2;
  }
  const datasets = sets.map(readDataset).map((set) => firstOf(set, parsed.first));
  if (parsed.compare || parsed.files['export-pairs'] || parsed.files.reference) {
    await runFidelity(datasets, parsed, surroundings);
    return 0;
  }
  const variants = variantsOf(parsed);
  const results = await evaluateAll(datasets, parsed, variants, surroundings);
  const reports = results.map((sets, i) => toReport(sets, { ...parsed.system, ...variants[i] }));
  if (parsed.sweep) return finishSweep(reports, parsed, surroundings);
  const report = reports[0] as Report;
  if (surroundings.peers) report.peers = await askPeers(datasets, results[0] ?? [], surroundings);
  return finish(report, parsed, surroundings);
}

async function askPeers(
  datasets: readonly Dataset[],
  results: readonly SetResult[],
  { peers, progress }: Surroundings,
): Promise<PeerReport[]> {
  const found: PeerRanking[][] = [];
  for (const dataset of datasets)
    found.push((await peers?.(dataset, (text) => progress(`${dataset.name}: ${text}`))) ?? []);
  return comparePeers(datasets, results, found);
}

/** Results of all sets, by variant. */
async function evaluateAll(
  datasets: readonly Dataset[],
  { system }: Arguments,
  variants: readonly QueryOptions[],
  surroundings: Surroundings,
): Promise<SetResult[][]> {
  const results: SetResult[][] = variants.map(() => []);
  for (const dataset of datasets) {
    const options = { ...system, keep: await surroundings.keep?.(dataset, system) };
    const progress = (text: string) => surroundings.progress(`${dataset.name}: ${text}`);
    const found = await evaluate(dataset, options, variants, progress);
    found.forEach((result, i) => {
      results[i]?.push(result);
    });
  }
  return results;
}

function finish(report: Report, { files, least, tolerance }: Arguments, { print }: Surroundings): number {
  print(toTable(report, least ?? 10));
  if (report.peers) print(peersTable(report.peers));
  if (files.json) write(files.json, `${JSON.stringify(report, null, 1)}\n`);
  if (files.chart) write(files.chart, toChart(report));
  if (files['save-baseline']) writeBaseline(files['save-baseline'], report);
  if (!files.baseline) return 0;
  const falls = compare(report, readBaseline(files.baseline), tolerance, least ?? 20);
  for (const { group, stage, metric, before, now } of falls)
    print(`✗ ${group}, ${stage}: ${metric} fell from ${before.toFixed(3)} to ${now.toFixed(3)}`);
  if (falls.length === 0) print(`✓ nothing fell more than ${tolerance * 100} % below ${files.baseline}`);
  return falls.length === 0 ? 0 : 1;
}

function variantsOf({ query, sweep }: Arguments): QueryOptions[] {
  if (!sweep) return [query];
  return sweep.values.map((value) => ({ ...query, [sweep.name]: value }));
}

function finishSweep(
  reports: readonly Report[],
  { sweep, files }: Arguments,
  { print }: Surroundings,
): number {
  const rows = [
    [`${sweep?.name}`, 'nDCG@10', 'MRR@10', 'hit@3', 'R@50', 'rerank ms', 'total ms', 'total 95 %'],
  ];
  reports.forEach(({ pooled, timings }, i) => {
    const last = pooled.stages.reranked ?? pooled.stages.hybrid;
    const metrics = (['ndcg@10', 'mrr@10', 'hit@3', 'recall@50'] as const).map((metric) =>
      (last?.[metric].mean ?? 0).toFixed(3),
    );
    const times = [timings.rerank?.median, timings.total?.median, timings.total?.p95];
    rows.push([String(sweep?.values[i]), ...metrics, ...times.map((time) => (time ?? 0).toFixed(0))]);
  });
  print(align(rows));
  if (files.json) write(files.json, `${JSON.stringify(reports, null, 1)}\n`);
  return 0;
}

async function runFidelity(
  datasets: readonly Dataset[],
  { system, query, compare: pair, files }: Arguments,
  surroundings: Surroundings,
): Promise<void> {
  const [own = system.precision ?? 'int8', other] = pair ?? [];
  const candidates: Candidates[] = [];
  for (const dataset of datasets) {
    const options = { ...system, precision: own };
    const progress = (text: string) => surroundings.progress(`${dataset.name}: ${text}`);
    const keep = await surroundings.keep?.(dataset, options);
    candidates.push(...(await collectCandidates(dataset, { ...options, keep }, query, progress)));
  }
  if (files['export-pairs']) write(files['export-pairs'], toPairs(candidates));
  const found = candidates.map(({ logits }) => logits);
  const rows: Parameters<typeof fidelityTable>[0][number][] = [];
  if (other) {
    const logits = await scoreWith(other, candidates, system, surroundings.progress);
    rows.push([`${own} against ${other}`, compareLogits(candidates, found, logits)]);
    if (files.reference) {
      const reference = readLogits(files.reference, candidates);
      rows.push([`${other} against the reference`, compareLogits(candidates, logits, reference)]);
    }
  }
  if (files.reference) {
    const reference = readLogits(files.reference, candidates);
    rows.push([`${own} against the reference`, compareLogits(candidates, found, reference)]);
  }
  if (rows.length > 0) surroundings.print(fidelityTable(rows));
  if (files.json) write(files.json, `${JSON.stringify(Object.fromEntries(rows), null, 1)}\n`);
}

function firstOf(dataset: Dataset, count: number): Dataset {
  return { ...dataset, queries: dataset.queries.slice(0, count) };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
