/**
 * `npm run bench`: builds everything, runs docsift and its peers in turns in headless Chromium, prints what came out and
 * writes bench/results/latest.{json,md,svg}. README.md beside this file says what is measured and how.
 *
 * `npm run bench -- [--engines a,b] [--workloads W1,W2] [--repeats n] [--quick] [--python path] [--peer-batch n]`
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBrowser } from '../scripts/browser.mjs';
import { build } from '../scripts/build.mjs';
import { setUpBuild } from '../scripts/setup.mjs';
import { formatDuration, ROOT, runMain, StepError } from '../scripts/steps.mjs';
import { toChart } from './lib/chart.mjs';
import { ENGINES } from './lib/engines.mjs';
import { toMarkdown } from './lib/report.mjs';
import { doubts, ratios, toRow } from './lib/results.mjs';
import { mostRepeats, readWorkloads } from './lib/workloads.mjs';

const DEFAULT_REPEATS = 5;

await runMain(async () => {
  const { engines, workloads, options } = readOptions();
  const browserTools = await prepare(options.python);
  // Not before: they import npm packages that the preparation installs.
  const { openBrowser } = await import('./lib/browser.mjs');
  const { measure } = await import('./lib/measure.mjs');

  const browser = await openBrowser(browserTools.executable);
  const started = Date.now();
  try {
    const { measurements, kernelRates, failures } = await measure(browser, engines, workloads, options);
    const rows = measurements.map(toRow);
    const outcome = {
      rows,
      workloads,
      kernelRates,
      ratios: ratios(rows, kernelRates),
      browser: browser.version(),
    };
    const report = toMarkdown(outcome);
    console.log(`\n${report}\nMeasured in ${formatDuration(Date.now() - started)}.`);
    const problems = [...failures, ...doubts(rows, workloads, options.peerBatch)];
    write({ ...outcome, report, complete: options.complete && failures.length === 0 });
    for (const problem of problems) console.log(`✗ ${problem}`);
    if (problems.length > 0 || rows.length === 0) process.exitCode = 1;
  } finally {
    await browser.close();
  }
});

function readOptions() {
  const { values } = parseArgs({
    options: {
      engines: { type: 'string' },
      workloads: { type: 'string' },
      repeats: { type: 'string' },
      quick: { type: 'boolean', default: false },
      python: { type: 'string' },
      'peer-batch': { type: 'string', default: '1' },
    },
  });
  const quick = values.quick;
  const repeats = count('repeats', values.repeats ?? (quick ? '1' : String(DEFAULT_REPEATS)), mostRepeats());
  const peerBatch = count('peer-batch', values['peer-batch'], 64);
  const partial = [values.engines, values.workloads, values.repeats].some((value) => value !== undefined);
  return {
    engines: select('engines', ENGINES, values.engines),
    workloads: select('workloads', readWorkloads({ repeats, quick }), values.workloads),
    options: { python: values.python, peerBatch, complete: !partial && !quick && peerBatch === 1 },
  };
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} most
 */
function count(name, text, most) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new StepError(`--${name}: found ${text}`, `give a whole number from 1 to ${most}`);
}

/**
 * @template {{ id: string }} T
 * @param {string} name
 * @param {T[]} all
 * @param {string | undefined} wanted ids, separated by commas
 */
function select(name, all, wanted) {
  if (wanted === undefined) return all;
  const ids = wanted.split(',');
  const unknown = ids.filter((id) => !all.some((one) => one.id === id));
  if (unknown.length === 0) return all.filter(({ id }) => ids.includes(id));
  throw new StepError(
    `--${name}: ${unknown.join(', ')} is none of them`,
    `choose from ${all.map(({ id }) => id).join(', ')}`,
  );
}

/** @param {string | undefined} python */
async function prepare(python) {
  const tools = await setUpBuild();
  const browser = await ensureBrowser();
  await build(tools);
  const { buildCandle, buildPages, exportModels, installPeers } = await import('./lib/prepare.mjs');
  await installPeers();
  await exportModels(python);
  await buildCandle(tools);
  await buildPages();
  return browser;
}

/**
 * The committed results are of complete runs alone; others are kept beside the build.
 *
 * @param {Parameters<typeof toMarkdown>[0] & { report: string, complete: boolean }} outcome
 */
function write({ rows, workloads, report, complete }) {
  const folder = complete
    ? path.join(ROOT, 'bench', 'results')
    : path.join(ROOT, 'target', 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const save = (name, text) => writeFileSync(path.join(folder, name), text);
  save('latest.json', `${JSON.stringify(rows, null, 2)}\n`);
  save('latest.md', report);
  const charted = workloads.find(({ id }) => rows.some(({ workload }) => workload === id));
  if (charted) save('latest.svg', toChart(rows, charted));
  console.log(`Written to ${path.relative(ROOT, folder)}/latest.{json,md,svg}`);
}
