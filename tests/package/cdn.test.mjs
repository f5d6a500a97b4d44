/** The module for content delivery networks: one file of another origin, which starts its workers from itself. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeFolder, startFolders } from '../browser/harness.mjs';
import { ANSWER, fewArticles, QUESTION } from './support/help-center.mjs';
import { unpack } from './support/project.mjs';
import { openSite } from './support/site.mjs';

const PAGE = '<!doctype html><html lang="en"><title>Help</title><link rel="icon" href="data:,">';

/** Serves the package as a network does: to anyone. */
async function startNetwork(t) {
  const { folder } = await unpack(t);
  return startFolders(t, {
    folders: { '/npm/docsift/': folder },
    intercept: (_, response) => {
      response.setHeader('Access-Control-Allow-Origin', '*');
      return false;
    },
  });
}

/**
 * Opens an empty page that may load from the network what the policy names.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} network
 * @param {string} workers the policy's source of workers
 * @param {RegExp[]} [expected]
 */
async function openEmptyPage(t, network, workers, expected = []) {
  const folder = await makeFolder(t, 'package');
  await writeFile(path.join(folder, 'index.html'), PAGE);
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `script-src 'self' 'wasm-unsafe-eval' ${network}`,
    `connect-src ${network}`,
    `worker-src ${workers}`,
  ].join('; ');
  const { page, site } = await openSite(t, { '/': folder }, { policy, others: [network], expected });
  await page.goto(site.url);
  return page;
}

test('imported from another origin, it searches and reranks', { timeout: 400_000 }, async (t) => {
  const network = new URL((await startNetwork(t)).url).origin;
  const page = await openEmptyPage(t, network, 'blob:');
  const answer = await page.evaluate(
    async ({ module, articles, question }) => {
      const { createSearch } = await import(module);
      const search = await createSearch();
      await search.add(articles);
      const { hits, stage, reason } = await search.query(question);
      search.close();
      return { title: hits[0].document.title, stage, reason: reason?.message };
    },
    {
      module: `${network}/npm/docsift/dist/docsift.cdn.js`,
      articles: await fewArticles(),
      question: QUESTION,
    },
  );
  assert.deepEqual(answer, { title: ANSWER, stage: 'reranked', reason: undefined });
});

test('where blob: is not allowed, it says what to do', { timeout: 200_000 }, async (t) => {
  const network = new URL((await startNetwork(t)).url).origin;
  const page = await openEmptyPage(t, network, "'self'", [/Content Security Policy/]);
  const { code, message } = await page.evaluate(async (module) => {
    const { loadReranker } = await import(module);
    return loadReranker().then(
      () => 'loaded',
      ({ code, message }) => ({ code, message }),
    );
  }, `${network}/npm/docsift/dist/docsift.cdn.js`);
  assert.equal(code, 'worker_failed');
  assert.match(message, /blob:/);
});
