/**
 * What other searches of static sites find for the same queries: MiniSearch, and Pagefind by its own command over real
 * HTML pages, asked in headless Chromium. Each is asked as its documentation says, and Pagefind in one way more: word by
 * word, since it has no option to list pages that lack a word of the query.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import MiniSearch from 'minisearch';
import { chromium } from 'playwright-core';
import { serve } from '../scripts/serve.mjs';
import { ROOT, StepError } from '../scripts/steps.mjs';
import { htmlPage, PAGEFIND } from './pagefind.mjs';

/** As far down as recall is measured. */
const DEPTH = 50;
/**
 * Pagefind's own ranking, and that of Starlight, the documentation theme that tuned Pagefind's parameters on its own pages
 * and sets them for every site built with it.
 */
const PAGEFIND_WAYS = [
  { name: 'Pagefind, defaults', ranking: {}, wordByWord: false },
  {
    name: "Pagefind, Starlight's ranking",
    ranking: { pageLength: 0.1, termFrequency: 0.1, termSaturation: 2, termSimilarity: 9 },
    wordByWord: false,
  },
  { name: 'Pagefind, word by word', ranking: {}, wordByWord: true },
];

/**
 * @typedef {import('../dist/types/eval/index.js').Dataset} Dataset
 * @typedef {import('../dist/types/eval/index.js').PeerRanking} PeerRanking
 */

/**
 * @param {string} executablePath a Chromium
 * @returns {(dataset: Dataset, progress: (text: string) => void) => Promise<PeerRanking[]>}
 */
export function peers(executablePath) {
  return async (dataset, progress) => [
    askMiniSearch(dataset, 'MiniSearch, defaults', {}),
    // What its README shows for search as you type.
    askMiniSearch(dataset, 'MiniSearch, boost, prefix, fuzzy', {
      boost: { title: 2 },
      prefix: true,
      fuzzy: 0.2,
    }),
    ...(await askPagefind(dataset, executablePath, progress)),
  ];
}

/**
 * @param {Dataset} dataset
 * @param {string} name
 * @param {import('minisearch').SearchOptions} searchOptions
 * @returns {PeerRanking}
 */
function askMiniSearch({ documents, queries }, name, searchOptions) {
  const index = new MiniSearch({ fields: ['title', 'body'], searchOptions });
  index.addAll(documents);
  return ranking(name, queries, (query) => index.search(query.text).map(({ id }) => id));
}

/**
 * @param {string} name
 * @param {Dataset['queries']} queries
 * @param {(query: Dataset['queries'][number]) => string[]} ask
 * @returns {PeerRanking}
 */
function ranking(name, queries, ask) {
  const milliseconds = [];
  const found = queries.map((query) => {
    const started = performance.now();
    const ids = ask(query);
    milliseconds.push(performance.now() - started);
    return ids.slice(0, DEPTH);
  });
  return { name, found, milliseconds };
}

/**
 * @param {Dataset} dataset
 * @param {string} executablePath
 * @param {(text: string) => void} progress
 * @returns {Promise<PeerRanking[]>}
 */
async function askPagefind({ name, documents, queries }, executablePath, progress) {
  const site = path.join(ROOT, 'target', 'eval', 'pagefind', name);
  writeSite(site, documents);
  progress('Pagefind indexes');
  await promisify(execFile)(process.execPath, [PAGEFIND, '--site', site], { maxBuffer: 1 << 26 });
  const server = await serve({ port: 0, folders: { '/': site } });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const rankings = [];
    for (const { name: way, ...options } of PAGEFIND_WAYS) {
      progress(`${way} is asked ${queries.length} queries`);
      const page = await browser.newPage();
      await page.goto(`${server.url}0.html`);
      const texts = queries.map(({ text }) => text);
      const { found, milliseconds } = await page.evaluate(inPage, { texts, depth: DEPTH, ...options });
      await page.close();
      // A page's name is its document's place.
      const idOf = (url) => documents[Number.parseInt(path.basename(url), 10)].id;
      rankings.push({ name: way, found: found.map((urls) => urls.map(idOf)), milliseconds });
    }
    return rankings;
  } catch (error) {
    throw new StepError(`Pagefind could not be asked: ${error.message}`, 'try again without --peers');
  } finally {
    await browser.close();
    await server.close();
  }
}

/**
 * Runs in the page: Pagefind's own search, and of each result the address, which it fetches one by one.
 *
 * @param {{ texts: string[], depth: number, ranking: object, wordByWord: boolean }} input
 */
async function inPage({ texts, depth, ranking, wordByWord }) {
  const address = '/pagefind/pagefind.js';
  const pagefind = await import(address);
  await pagefind.options({ ranking });
  await pagefind.init();
  /** By a result's id. @type {Map<string, Promise<string>>} */
  const addresses = new Map();
  /** @type {(text: string) => Promise<{ id: string, score: number, data: () => Promise<{ url: string }> }[]>} */
  const search = async (text) => (await pagefind.search(text)).results;
  const found = [];
  const milliseconds = [];
  for (const text of texts) {
    const started = performance.now();
    const sums = new Map();
    for (const part of wordByWord ? text.split(/\s+/).filter(Boolean) : [text])
      for (const result of await search(part))
        sums.set(result.id, { result, score: result.score + (sums.get(result.id)?.score ?? 0) });
    // A search of the whole text is in its own order already, and the sort keeps it.
    const results = [...sums.values()].sort((a, b) => (wordByWord ? b.score - a.score : 0)).slice(0, depth);
    milliseconds.push(performance.now() - started);
    for (const { result } of results)
      if (!addresses.has(result.id))
        addresses.set(
          result.id,
          result.data().then(({ url }) => url),
        );
    found.push(await Promise.all(results.map(({ result }) => addresses.get(result.id))));
  }
  return { found, milliseconds };
}

/**
 * A page for each document, named by its place.
 *
 * @param {string} site
 * @param {Dataset['documents']} documents
 */
function writeSite(site, documents) {
  rmSync(site, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  for (const [i, document] of documents.entries())
    writeFileSync(path.join(site, `${i}.html`), htmlPage(document, { attributes: ' data-pagefind-body' }));
}
