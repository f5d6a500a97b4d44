/** The package as a page uses it: `dist/docsift.js` imported into a page with nothing else. */
import path from 'node:path';
import { ROOT } from '../../../scripts/steps.mjs';
import { openBrowser, startSite } from '../harness.mjs';

/** Two of the small random models (tests/golden/README.md): real, and loaded in no time. */
export const SMALL_EMBEDDER = '/golden/models/bert-2x128/model.q8_0.gguf';
export const SMALL_RERANKER = '/golden/models/bert-2x72/model.f32.gguf';

/**
 * Opens a page that has the package as `docsift`, and a function `outcome` which turns a promise into plain data:
 * `{ value }` or `{ error: { name, code, message } }`.
 *
 * @param {import('node:test').TestContext} t
 * @param {Partial<import('../harness.mjs').BrowserOptions> & { host?: string, server?: import('../../../scripts/serve.mjs').ServerOptions }} [options]
 *   `host` is asked instead of localhost; `flags` have to resolve it
 */
export async function openPackage(t, { host = 'localhost', server = {}, ...options } = {}) {
  const site = await startSite(t, {
    ...server,
    folders: {
      '/pages/': path.join(ROOT, 'tests', 'browser', 'pages'),
      '/golden/': path.join(ROOT, 'tests', 'golden'),
      ...server.folders,
    },
  });
  const url = new URL(site.url);
  url.hostname = host;
  const { page, ...browser } = await openBrowser(t, { origin: url.href, ...options });
  await page.goto(new URL('pages/blank.html', url).href);
  await importPackage(page);
  return { ...browser, page, site };
}

/**
 * Gives the page `docsift` and `outcome`, after it was loaded anew, too.
 *
 * @param {import('playwright-core').Page} page
 */
export const importPackage = (page) =>
  page.evaluate(async () => {
    window.docsift = await import('/dist/docsift.js');
    window.outcome = (promise) =>
      promise.then(
        (value) => ({ value }),
        ({ name, code, message }) => ({ error: { name, code, message } }),
      );
  });

/**
 * Has the page note in `requests` what it posts to workers that are started from now on: the `call`, the number of `texts`,
 * the `query` they are scored against, and which worker. With `killAt(n)`, the worker that is given the n-th chunk of passages from then on is ended at once, as
 * a browser ends one that is out of memory.
 *
 * @param {import('playwright-core').Page} page
 */
export const watchWorkers = (page) =>
  page.evaluate(() => {
    let started = 0;
    let left = 0;
    window.requests = [];
    window.killAt = (count) => {
      left = count;
    };
    window.Worker = class extends Worker {
      #number = started++;

      postMessage(message, transfer) {
        const { call, params } = message;
        const texts = params.texts ?? params.passages ?? [];
        requests.push({ call, texts: texts.length, query: params.query, worker: this.#number });
        super.postMessage(message, transfer);
        if (call !== 'score' || left === 0 || --left > 0) return;
        this.terminate();
        setTimeout(() => this.onerror(new ErrorEvent('error', { message: 'ended by the test' })));
      }
    };
  });

/**
 * Everything in the page's Cache API.
 *
 * @param {import('playwright-core').Page} page
 * @returns {Promise<{ cache: string, url: string, bytes: number, sha256: string }[]>}
 */
export const cacheContents = (page) =>
  page.evaluate(async () => {
    const found = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) {
        const bytes = await (await cache.match(url)).arrayBuffer();
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
        found.push({ cache: name, url, bytes: bytes.byteLength, sha256 });
      }
    }
    return found;
  });

/** @param {import('playwright-core').Page} page */
export const emptyCaches = (page) =>
  page.evaluate(async () => {
    for (const name of await caches.keys()) await caches.delete(name);
  });
