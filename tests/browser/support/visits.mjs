/** Visits to a page that searches a deployed folder, on a server that misbehaves on demand. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { LOGGED, misbehave } from './faults.mjs';
import { cacheContents, openPackage } from './package.mjs';
import { makeSmallSite } from './small-site.mjs';

/** What never settles fails its test; a busy machine does not. */
const BOUND_MS = 60_000;

/** What a visit finds where nothing is wrong. */
export const WHOLE = { stage: 'reranked', found: true, code: undefined, stale: undefined };

/**
 * A site with its index and the small models as `/docsift/`, and a page of it.
 *
 * @param {import('node:test').TestContext} t
 * @param {Parameters<typeof openPackage>[1]} [options]
 */
export async function openVisits(t, options = {}) {
  const { folder, hashes } = await makeSmallSite(t);
  const server = misbehave((where) => path.join(folder, where.replace('/docsift/', '')));
  const { page, context, site } = await openPackage(t, {
    expected: [LOGGED],
    ...options,
    server: { folders: { '/docsift/': folder }, intercept: server.intercept },
  });
  const prepare = async (/** @type {import('playwright-core').Page} */ tab) => {
    tab.setDefaultTimeout(BOUND_MS);
    await tab.evaluate(setUpPage, BOUND_MS);
    return tab;
  };
  await prepare(page);
  const names = readdirSync(folder);
  /** @param {string} kind */
  const part = (kind) =>
    `/docsift/${names.find((name) => name.startsWith(`${kind}.`) && name.endsWith('.bin'))}`;
  return {
    ...{ ...server, page, context, site },
    files: {
      index: '/docsift/index.json',
      documents: part('documents'),
      lexical: part('lexical'),
      vectors: part('vectors'),
      texts: part('texts'),
      words: '/docsift/docsift-lexical.wasm',
      runtime: '/docsift/docsift-relaxed.wasm',
      manifest: '/docsift/models/manifest.json',
      embedder: '/docsift/models/small-embedder.gguf',
      reranker: '/docsift/models/small-reranker.gguf',
    },
    /** Opens the page in another tab. */
    openTab: async () => {
      const tab = await context.newPage();
      await tab.goto(page.url());
      return prepare(tab);
    },
    /** The page anew: whatever its memory held is gone. */
    reload: async () => {
      await page.reload();
      await prepare(page);
    },
    /** What is kept, by its path; `bad` are the addresses of what is no file of the folder. */
    kept: async () => {
      const entries = await cacheContents(page);
      return {
        paths: entries.map(({ url }) => new URL(url).pathname).sort(),
        bad: entries.filter(({ sha256 }) => !hashes.has(sha256)).map(({ url }) => url),
      };
    },
  };
}

/**
 * Opens the index, waits for all that there is, and asks.
 *
 * @param {import('playwright-core').Page} page
 * @param {object} [options] of `createSearch`
 */
export const visit = (page, options = {}) => page.evaluate((options) => window.visit(options), options);

/** Runs in the page. */
async function setUpPage(bound) {
  window.docsift = await import('/docsift/docsift.js');
  window.outcome = (promise) =>
    promise.then(
      (value) => ({ value }),
      ({ name, code, message }) => ({ error: { name, code, message } }),
    );
  window.inTime = (promise) =>
    Promise.race([
      promise,
      new Promise((_resolve, reject) => setTimeout(() => reject(new Error('it hangs')), bound)),
    ]);
  const search = async (options) => {
    const search = await docsift.createSearch({ index: '/docsift/', workers: 1, ...options });
    await search.ready();
    const { stage, hits, reason } = await search.query('add a plant');
    const { staleIndex } = await search.stats();
    search.close();
    return { stage, found: hits.length > 0, code: reason?.code, stale: staleIndex?.code };
  };
  window.visit = (options) => outcome(inTime(search(options)));
  /** Documents of one's own, all with the same word, and a search over them. */
  window.collection = async (word, count, options) => {
    const documents = Array.from({ length: count }, (_, i) => {
      return {
        id: `${word}-${i}`,
        title: `About ${word} ${i}`,
        body: `Everything about ${word}, part ${i}.`,
      };
    });
    const search = await docsift.createSearch({ workers: 1, models: { reranker: false }, ...options });
    await search.add(documents);
    return search;
  };
  /** A saved index, as it is restored: whose documents it has, and whether it is whole. */
  window.restored = async (name) => {
    const search = await docsift.createSearch({ restore: name, workers: 1, models: { reranker: false } });
    const { documents, passages, embedded } = await search.stats();
    const { hits, stage } = await search.query('everything about', { limit: 100 });
    search.close();
    const words = [...new Set(hits.map(({ id }) => id.split('-')[0]))];
    return { documents, missing: passages - embedded, words, stage };
  };
}
