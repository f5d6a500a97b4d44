/**
 * `npm run bench:first-result`: what a visitor of the demo's help center downloads before the first result of each stage,
 * and how long that takes on a slow and on a fast line, beside Pagefind and transformers.js. Prints a table and writes
 * bench/results/first-result.{json,md}. README.md beside this file says what is measured.
 *
 * `npm run bench:first-result -- [--lines slow,fast] [--repeats n] [--python path]`
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBrowser } from '../scripts/browser.mjs';
import { build } from '../scripts/build.mjs';
import { setUpBuild } from '../scripts/setup.mjs';
import { ROOT, runMain, runOrFail, StepError, step } from '../scripts/steps.mjs';
import { buildHelpSite, FOLDERS } from './lib/help-site.mjs';
import { startSlowServer } from './lib/slow-server.mjs';

const QUESTION = 'mute a topic';
const STAGES = ['lexical', 'hybrid', 'reranked'];

/** @type {import('./lib/slow-server.mjs').Line[]} */
const LINES = [
  { name: 'slow', megabits: 1.6, roundTripMs: 150 },
  { name: 'fast', megabits: 20, roundTripMs: 40 },
];
const SYSTEMS = [
  { id: 'docsift', name: 'docsift' },
  { id: 'pagefind', name: 'Pagefind 1.6' },
  { id: 'transformers', name: 'transformers.js 4.3, q8' },
];

/** @typedef {{ system: string, line: string, stages: Record<string, { ms: number, bytes: number }> }} Row */

await runMain(async () => {
  const { lines, repeats, python, skipBuild } = readOptions();
  const { executable } = await ensureBrowser();
  if (!skipBuild) await build(await setUpBuild());
  // Not before: they import npm packages, which the set-up installs.
  const { exportModels, installPeers } = await import('./lib/prepare.mjs');
  const { openBrowser } = await import('./lib/browser.mjs');
  await installPeers();
  await exportModels(python);
  await step('Pagefind, from npm', (report) =>
    runOrFail('npm', ['install', '--no-save', '--no-audit', '--no-fund'], {
      cwd: path.join(ROOT, 'eval'),
      report,
      todo: 'read its message; the npm registry has to be reachable',
    }),
  );
  if (!skipBuild || !existsSync(FOLDERS['/vectors/'])) await step('The help center as a site', buildHelpSite);
  await step('Pages', buildPages);

  const browser = await openBrowser(executable);
  /** @type {Row[]} */
  const rows = [];
  try {
    for (const line of lines) {
      for (const { id, name } of SYSTEMS) {
        const row = await step(`${name}, ${line.megabits} Mbit/s`, async (report, note) => {
          const runs = [];
          for (let run = 0; run < repeats; run += 1) runs.push(await measure(browser, line, id, report));
          const stages = medianOf(runs);
          note(
            STAGES.filter((stage) => stages[stage])
              .map((stage) => `${stage} ${cell(stages[stage])}`)
              .join(', '),
          );
          return { system: id, line: line.name, stages };
        });
        rows.push(row);
      }
    }
  } finally {
    await browser.close();
  }
  write(rows, lines);
});

function readOptions() {
  const { values } = parseArgs({
    options: {
      lines: { type: 'string', default: LINES.map(({ name }) => name).join() },
      repeats: { type: 'string', default: '1' },
      python: { type: 'string' },
      // What is built is taken as it is, and so is the site.
      'no-build': { type: 'boolean', default: false },
    },
  });
  const names = values.lines.split(',');
  const lines = LINES.filter(({ name }) => names.includes(name));
  const repeats = Number(values.repeats);
  if (lines.length !== names.length)
    throw new StepError(
      `--lines: found ${values.lines}`,
      `choose from ${LINES.map(({ name }) => name).join(', ')}`,
    );
  if (!Number.isInteger(repeats) || repeats < 1)
    throw new StepError(`--repeats: found ${values.repeats}`, 'give a whole number of at least 1');
  return { lines, repeats, python: values.python, skipBuild: values['no-build'] };
}

async function buildPages() {
  const page = path.join(ROOT, 'bench', 'page');
  const outdir = FOLDERS['/'];
  mkdirSync(outdir, { recursive: true });
  const { build: bundle } = await import('esbuild');
  await bundle({
    entryPoints: ['first-result.js', 'first-result-transformers.js'].map((name) => path.join(page, name)),
    outdir,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    // What docsift and Pagefind have written is served as it is.
    external: ['/site/*', '/first-result-transformers.js'],
    conditions: ['onnxruntime-web-use-extern-wasm'],
    logLevel: 'error',
  });
  const html = '<!doctype html><title>First result</title><link rel="icon" href="data:,">';
  writeFileSync(
    path.join(outdir, 'index.html'),
    `${html}<script type="module" src="/first-result.js"></script>`,
  );
}

/**
 * One visit with nothing cached.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {import('./lib/slow-server.mjs').Line} line
 * @param {string} system
 * @param {(line: string) => void} report
 */
async function measure(browser, line, system, report) {
  const server = await startSlowServer(FOLDERS, line);
  const context = await browser.newContext();
  const progress = setInterval(() => report(`${megabytes(server.sent())} downloaded`), 1000);
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(0);
    /** @type {Record<string, { at: number, bytes: number }>} */
    const reached = {};
    await page.exposeFunction('reached', (/** @type {string} */ stage, /** @type {number} */ at) => {
      reached[stage] = { at, bytes: server.sent() };
    });
    await page.goto(server.url);
    await page.waitForFunction(() => window.measure);
    server.clear();
    const started = await page.evaluate(({ system, question }) => window.measure(system, question), {
      system,
      question: QUESTION,
    });
    if (Object.keys(reached).length === 0)
      throw new StepError(`${system} has found nothing`, 'see whether its index was written');
    return Object.fromEntries(
      Object.entries(reached).map(([stage, { at, bytes }]) => [stage, { ms: at - started, bytes }]),
    );
  } finally {
    clearInterval(progress);
    await context.close();
    await server.close();
  }
}

/**
 * Of each stage the run with the median time; bytes differ between runs by what was under way.
 *
 * @param {Record<string, { ms: number, bytes: number }>[]} runs
 */
function medianOf(runs) {
  /** @type {Record<string, { ms: number, bytes: number }>} */
  const medians = {};
  for (const stage of STAGES) {
    const found = runs
      .map((run) => run[stage])
      .filter(Boolean)
      .sort((a, b) => a.ms - b.ms);
    if (found.length > 0) medians[stage] = found[Math.floor(found.length / 2)];
  }
  return medians;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @param {{ ms: number, bytes: number } | undefined} stage */
function cell(stage) {
  if (!stage) return '';
  return `${megabytes(stage.bytes)}, ${(stage.ms / 1000).toFixed(stage.ms < 10_000 ? 1 : 0)} s`;
}

/**
 * @param {Row[]} rows
 * @param {import('./lib/slow-server.mjs').Line[]} lines
 */
function write(rows, lines) {
  const tables = lines.map(({ name, megabits, roundTripMs }) => {
    const body = SYSTEMS.map(({ id, name: title }) => {
      const row = rows.find(({ system, line }) => system === id && line === name);
      return `| ${title} | ${STAGES.map((stage) => cell(row?.stages[stage])).join(' | ')} |`;
    });
    return [
      `| ${megabits} Mbit/s, ${roundTripMs} ms | by words | by words and meaning | reranked |`,
      '| --- | --- | --- | --- |',
      ...body,
    ].join('\n');
  });
  const report = `${tables.join('\n\n')}\n`;
  console.log(`\n${report}`);
  const folder =
    lines.length === LINES.length ? path.join(ROOT, 'bench', 'results') : path.join(ROOT, 'target', 'bench');
  writeFileSync(path.join(folder, 'first-result.json'), `${JSON.stringify(rows, null, 2)}\n`);
  writeFileSync(path.join(folder, 'first-result.md'), report);
  console.log(`Written to ${path.relative(ROOT, folder)}/first-result.{json,md}`);
}
