/** The results as tables, for the terminal and for results/latest.md. */
import os from 'node:os';

/** @typedef {import('./results.mjs').Row} Row */

/** @type {[string, (row: Row) => string][]} */
const COLUMNS = [
  ['engine', (row) => `${row.engine} ${row.version}`],
  ['type', (row) => row.dtype],
  ['threads', (row) => String(row.threads)],
  ['COOP/COEP', (row) => (row.isolated ? 'yes' : 'no')],
  ['median ms', (row) => time(row.median_ms)],
  ['p10–p90', (row) => `${time(row.p10_ms)}–${time(row.p90_ms)}`],
  ['GMAC/s', (row) => row.gmacs.toFixed(1)],
  ['tokens', (row) => row.tokens?.toLocaleString('en') ?? 'not told'],
  ['heap MB', (row) => row.heap_mb.toFixed(0)],
  ['download MB', (row) => row.download_mb.toFixed(1)],
];
/** @type {[string, (row: Row) => string]} */
const SPEARMAN = [
  'Spearman (least)',
  (row) => `${row.spearman?.toFixed(4)} (${row.spearman_least?.toFixed(4)})`,
];
/** @type {[string, (row: Row) => string]} */
const COSINE = ['least cosine', (row) => row.cosine_least?.toFixed(4) ?? ''];

/** @param {number} ms */
const time = (ms) => (ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en'));

/**
 * @param {object} outcome
 * @param {Row[]} outcome.rows
 * @param {import('./workloads.mjs').Workload[]} outcome.workloads
 * @param {import('./results.mjs').Ratio[]} outcome.ratios
 * @param {Record<string, number>} outcome.kernelRates
 * @param {string} outcome.browser its version
 * @returns {string} Markdown
 */
export function toMarkdown({ rows, workloads, ratios, kernelRates, browser }) {
  const [{ model }] = os.cpus();
  const parts = [`Chromium ${browser}, headless; ${os.cpus().length} cores, ${model.trim()}.`];
  for (const { id, title } of workloads) {
    const found = rows.filter(({ workload }) => workload === id).sort((a, b) => a.median_ms - b.median_ms);
    if (found.length === 0) continue;
    const columns = [...COLUMNS];
    if (found.some((row) => row.spearman !== null)) columns.push(SPEARMAN);
    if (found.some((row) => row.cosine_least !== null)) columns.push(COSINE);
    const cells = found.map((row) => columns.map(([, text]) => text(row)));
    parts.push(
      `## ${id}: ${title}`,
      table(
        columns.map(([name]) => name),
        cells,
      ),
    );
  }
  const rates = Object.entries(kernelRates);
  if (rates.length > 0) {
    const list = rates.map(([form, rate]) => [form, rate.toFixed(1)]);
    parts.push('## Innermost loops of the linear layers by themselves', table(['form', 'GMAC/s'], list));
  }
  if (ratios.length > 0) {
    const list = ratios.map(({ claim, found, wanted, unit }) => [
      found >= wanted ? '✓' : '✗',
      claim,
      `${found.toFixed(unit === '×' ? 2 : 0)}${unit}`,
      `${wanted}${unit}`,
    ]);
    parts.push('## Ratios', table(['', 'faster by', 'found', 'at least'], list));
  }
  return `${parts.join('\n\n')}\n`;
}

/**
 * A Markdown table that also reads well as it stands.
 *
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  const widths = head.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index].length)));
  const line = (cells) => `| ${cells.map((cell, index) => cell.padEnd(widths[index])).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
