/**
 * `npm run bench:stages -- corpus.jsonl queries.jsonl`: how long after a query each of its stages is there, in headless
 * Chromium over an index that the command made of the corpus. README.md beside this file says what is measured.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBrowser } from '../scripts/browser.mjs';
import { serve } from '../scripts/serve.mjs';
import { ROOT, runMain, runOrFail, StepError, step } from '../scripts/steps.mjs';
import { quantile } from './lib/statistics.mjs';

const OUT = path.join(ROOT, 'target', 'bench', 'stages');
const WARM_UP = 3;
/** Hits that are shown, which are said to be settled once they are those of the last result. */
const SHOWN = 5;

await runMain(async () => {
  const { corpus, queries } = readOptions();
  if (!existsSync(path.join(ROOT, 'dist', 'cli.js')))
    throw new StepError('dist/cli.js is missing', 'run `npm run build`');
  await step('Index', (report) =>
    runOrFail(
      process.execPath,
      [path.join(ROOT, 'dist', 'cli.js'), 'index', corpus, '--out', path.join(OUT, 'docsift')],
      { report, todo: 'read the message above' },
    ),
  );
  const { executable } = await ensureBrowser();
  const { openBrowser } = await import('./lib/browser.mjs');
  const site = await serve({ port: 0, folders: { '/': OUT } });
  const browser = await openBrowser(executable);
  try {
    const page = await browser.newPage();
    await page.goto(`${site.url}docsift/index.json`);
    const { passages, workers } = await step('Open the index', () => page.evaluate(open));
    /** @type {Record<string, number[]>} */
    const times = {};
    await step('Queries', async (report) => {
      for (const [place, query] of queries.entries()) {
        report(`${place + 1} of ${queries.length}`);
        const found = await page.evaluate(ask, { query, shown: SHOWN });
        if (place < WARM_UP) continue;
        for (const [stage, ms] of Object.entries(found)) times[stage] = [...(times[stage] ?? []), ms];
      }
    });
    console.log(
      `\n${passages} passages, ${workers} workers, ${queries.length - WARM_UP} queries, milliseconds:\n`,
    );
    console.log(`| | median | 95 % |\n| --- | --- | --- |`);
    for (const [stage, ms] of Object.entries(times))
      console.log(`| ${stage} | ${quantile(ms, 0.5).toFixed(1)} | ${quantile(ms, 0.95).toFixed(1)} |`);
  } finally {
    await browser.close();
    await site.close();
  }
});

function readOptions() {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [corpus, file] = positionals;
  if (!corpus || !file || !existsSync(corpus) || !existsSync(file))
    throw new StepError(
      `expected a corpus and its queries, found ${positionals.join(' ') || 'nothing'}`,
      'npm run bench:stages -- corpus.jsonl queries.jsonl, with {"query"} in each line of the second',
    );
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return { corpus, queries: lines.map((line) => JSON.parse(line).query) };
}

/** In the page: a search over the index beside it, with both models loaded. */
async function open() {
  const { createSearch } = await import('/docsift/docsift.js');
  const search = await createSearch({ index: '/docsift/', cacheScores: false });
  await search.ready();
  globalThis.search = search;
  const { passages, memoryBytes } = await search.stats();
  return { passages, workers: memoryBytes.length };
}

/** In the page: when each stage was there first, and from when on the hits shown were those of the last result. */
async function ask({ query, shown }) {
  const started = performance.now();
  const names = { lexical: 'by words', hybrid: 'by words and meaning', reranked: 'first reranked' };
  const found = {};
  const tops = [];
  for await (const { stage, hits } of globalThis.search.stream(query)) {
    const ms = performance.now() - started;
    found[names[stage]] ??= ms;
    tops.push({ ms, top: JSON.stringify(hits.slice(0, shown).map(({ id }) => id)) });
  }
  const last = tops.at(-1);
  const unlike = tops.findLastIndex(({ top }) => top !== last.top);
  return { ...found, [`best ${shown} settled`]: tops[unlike + 1].ms, 'all reranked': last.ms };
}
