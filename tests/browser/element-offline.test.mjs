/** `<docsift-search offline>` over what `docsift index` wrote: searched again after the server has gone. */
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { docsift, scratch } from '../cli/support.mjs';
import { openElement } from './support/element.mjs';

const PAGE = `<!doctype html>
<html lang="de">
  <meta charset="utf-8">
  <title>Hilfe</title>
  <link rel="icon" href="/pages/element-icon.svg">
  <script type="module" src="docsift/element.js"></script>
  <docsift-search offline="docsift-sw.js"></docsift-search>
</html>`;

/** A site with its index, and with the service worker where the page is, unless it is left out. */
async function makeSite(t, { serviceWorker = true } = {}) {
  const site = await scratch(t, 'markdown');
  const out = path.join(site, 'docsift');
  const { code, stderr } = await docsift(['index', site, '--out', out]);
  assert.equal(code, 0, stderr);
  await writeFile(path.join(site, 'index.html'), PAGE);
  if (serviceWorker) await copyFile(path.join(out, 'docsift-sw.js'), path.join(site, 'docsift-sw.js'));
  return site;
}

/** The next event of the element by that name. */
const next = ({ element }, name) =>
  element.evaluate(
    (search, name) =>
      new Promise((resolve) => {
        search.addEventListener(name, ({ detail }) => resolve(detail?.code), { once: true });
      }),
    name,
  );

/** Asks, and takes the first result without following it: its address, and whether a cross-encoder has read it. */
async function answer({ page, element, options }, question) {
  await element.evaluate((search, text) => search.open(text), question);
  await element.locator('.root[data-state="results"]:not([data-improving])').waitFor({ state: 'attached' });
  await page.evaluate(() => {
    document.addEventListener('docsift:select', (event) => {
      event.preventDefault();
      const { hit, href } = event.detail;
      window.selected = { path: new URL(href).pathname, reranked: hit.scores.cross !== undefined };
    });
  });
  await options.first().click();
  return page.evaluate(() => window.selected);
}

test('a full reload with the network off still searches and reranks', { timeout: 400_000 }, async (t) => {
  const site = await makeSite(t);
  const opened = await openElement(t, {
    expected: [/ERR_CONNECTION_REFUSED/],
    server: { folders: { '/site/': site } },
  });
  const { page, visit, site: server } = opened;
  await visit({}, '/site/');
  const kept = next(opened, 'docsift:offline');
  const photo = await answer(opened, 'recognise what is in my photo');
  assert.deepEqual(photo, { path: '/guides/02-add-a-plant', reranked: true });
  await kept;

  await server.close();
  await page.reload();
  // Another question: what it needs was not only kept because it had been asked for.
  const limit = await answer(opened, 'how many of them fit into one garden');
  assert.deepEqual(limit, { path: '/reference/limits', reranked: true });
  await opened.element.getByText('Suchen').first().waitFor({ state: 'attached' });
});

test('without the service worker it searches, and says what is missing', { timeout: 200_000 }, async (t) => {
  const site = await makeSite(t, { serviceWorker: false });
  const opened = await openElement(t, {
    expected: [/404|bad HTTP/],
    server: { folders: { '/site/': site } },
  });
  await opened.visit({}, '/site/');
  const failed = next(opened, 'docsift:error');
  assert.equal((await answer(opened, 'how many of them fit into one garden')).reranked, true);
  assert.equal(await failed, 'worker_failed');
});
