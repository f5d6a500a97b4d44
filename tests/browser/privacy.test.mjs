/** What leaves the page, and what stays in the browser, when somebody has searched: nothing, and no query. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { openBrowser, startSite } from './harness.mjs';
import { ask, demoReady } from './support/demo.mjs';
import { importPackage, SMALL_EMBEDDER, SMALL_RERANKER } from './support/package.mjs';
import { smallManifest } from './support/small-site.mjs';

const LIMIT = { timeout: 300_000 };
/** No document, file or key has this word. */
const SECRET = 'zyxwvu';
const FILES = { embedder: SMALL_EMBEDDER, reranker: SMALL_RERANKER };
const DOCUMENTS = [
  { id: 'hello', title: 'Hello', body: 'Say hello to the world.', url: '/help/hello' },
  { id: 'bye', title: 'Goodbye', body: 'Say goodbye to the world.', url: '/help/bye' },
];

/**
 * A page with no policy, so that nothing but docsift keeps a request from leaving: the harness fails the test on any.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} where
 */
async function openUnguarded(t, where) {
  /** @type {string[]} */
  const asked = [];
  const answers = {
    '/documents.json': JSON.stringify(DOCUMENTS),
    '/corpus/zulip-help.json': JSON.stringify(DOCUMENTS),
    '/models/manifest.json': JSON.stringify(await smallManifest((role) => `..${FILES[role]}`)),
  };
  const site = await startSite(t, {
    policy: '',
    folders: {
      '/pages/': path.join(ROOT, 'tests', 'browser', 'pages'),
      '/golden/': path.join(ROOT, 'tests', 'golden'),
    },
    intercept: ({ url = '/' }, response) => {
      asked.push(url);
      if (!(url in answers)) return false;
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(answers[url]);
      return true;
    },
  });
  const { page } = await openBrowser(t, { origin: site.url });
  page.setDefaultTimeout(120_000);
  await page.goto(new URL(where, site.url).href);
  return { page, asked, kept: () => page.evaluate(everythingKept) };
}

/** Runs in the page: all that the browser keeps for it, as one text. */
async function everythingKept() {
  const found = [document.cookie, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
  const text = (/** @type {ArrayBuffer} */ bytes) => new TextDecoder('latin1').decode(bytes);
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      found.push(request.url, text(await (await cache.match(request)).arrayBuffer()));
    }
  }
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const all = database.transaction(store).objectStore(store);
      found.push(JSON.stringify(await done(all.getAllKeys())));
      for (const value of await done(database.transaction(store).objectStore(store).getAll())) {
        found.push(
          JSON.stringify(value),
          ...Object.values(value).map((part) => (part instanceof ArrayBuffer ? text(part) : '')),
        );
      }
    }
    database.close();
  }
  return found.join('\n');
}

test('the API keeps no query, and sends none', LIMIT, async (t) => {
  const { page, asked, kept } = await openUnguarded(t, '/pages/blank.html');
  await importPackage(page);
  await page.evaluate(
    async ([documents, secret]) => {
      window.search = await docsift.createSearch({ workers: 1 });
      await search.add(documents);
      await search.query(`hello ${secret}`, { trace: true });
      await search.explain(`hello ${secret}`, 'hello');
      await search.save('kept');
    },
    [DOCUMENTS, SECRET],
  );
  const all = await kept();
  assert.ok(all.includes('Goodbye'), 'the documents are kept, so the look into the stores sees something');
  assert.ok(!all.includes(SECRET));
  assert.ok(!asked.some((url) => url.includes(SECRET)));
});

test('the demo page keeps no query, though its address has one', LIMIT, async (t) => {
  const { page, asked, kept } = await openUnguarded(t, `/?q=${SECRET}`);
  await demoReady(page);
  await ask(page, `hello ${SECRET}`);
  const all = await kept();
  assert.ok(all.includes('docsift-search') || all.includes('Goodbye'));
  assert.ok(!all.includes(SECRET));
  // The page itself was asked for by its address; nothing else was.
  assert.deepEqual(
    asked.filter((url) => url.includes(SECRET)),
    [`/?q=${SECRET}`],
  );
});

test(
  'the element keeps queries only where recent searches are on, and until they are cleared',
  LIMIT,
  async (t) => {
    for (const recent of [0, 3]) {
      const { page, asked, kept } = await openUnguarded(
        t,
        `/pages/element.html?real&index=/documents.json&recent=${recent}`,
      );
      const element = page.locator('docsift-search');
      await page.evaluate(() => {
        window.element.addEventListener('docsift:select', (event) => event.preventDefault());
        window.element.open();
      });
      const input = element.getByRole('combobox');
      await input.fill(`hello ${SECRET}`);
      await element
        .locator('.root[data-state="results"]:not([data-improving])')
        .waitFor({ state: 'attached' });
      await element.getByRole('option').first().click();
      assert.equal((await kept()).includes(SECRET), recent > 0);
      assert.ok(!asked.some((url) => url.includes(SECRET)));
      if (recent === 0) continue;
      await page.evaluate(() => window.element.open());
      await input.fill('');
      await element.getByRole('button', { name: 'Clear recent searches' }).click();
      assert.ok(!(await kept()).includes(SECRET));
    }
  },
);
