/** The element in a page whose policy allows nothing that docsift does not ask for. */
import assert from 'node:assert/strict';
import path from 'node:path';
import axe from 'axe-core';
import { ROOT } from '../../../scripts/steps.mjs';
import { openBrowser, startSite } from '../harness.mjs';

export const STRICT_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
].join('; ');

/** Machines that run tests may be busy. */
const PATIENCE_MS = 120_000;

/** Sends the strict policy in place of the server's own. */
const strict = (/** @type {import('node:http').ServerResponse} */ response) => {
  const { writeHead } = response;
  response.writeHead = (status, headers) =>
    writeHead.call(response, status, { ...headers, 'Content-Security-Policy': STRICT_POLICY });
};

/** Any article that a result leads to. */
const article = (/** @type {import('node:http').ServerResponse} */ response) => {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
  response.end(
    '<!doctype html><html lang="en"><title>An article</title><link rel="icon" href="/pages/element-icon.svg">',
  );
  return true;
};

/**
 * Opens a browser; `visit` opens the page of the tests in it, again and again.
 *
 * @param {import('node:test').TestContext} t
 * @param {object} [options]
 * @param {import('../../../scripts/serve.mjs').ServerOptions} [options.server]
 * @param {object} [options.context] passed on to Playwright
 * @param {RegExp[]} [options.expected] problems that the test provokes
 */
export async function openElement(t, { server = {}, ...options } = {}) {
  const { intercept, folders } = server;
  const site = await startSite(t, {
    folders: { '/pages/': path.join(ROOT, 'tests', 'browser', 'pages'), ...folders },
    intercept: (request, response) => {
      strict(response);
      if (request.url?.startsWith('/help/')) return article(response);
      return intercept?.(request, response) ?? false;
    },
  });
  const { page, ...browser } = await openBrowser(t, { origin: site.url, ...options });
  page.setDefaultTimeout(PATIENCE_MS);
  /**
   * @param {Record<string, string>} [attributes] of the element, and what else pages/element-page.js understands
   * @param {string} [where] another page
   */
  const visit = async (attributes = {}, where = '/pages/element.html') => {
    const url = new URL(where, site.url);
    for (const [name, value] of Object.entries(attributes)) url.searchParams.set(name, value);
    await page.goto(url.href);
    await page.locator('docsift-search input').waitFor({ state: 'attached' });
  };
  return { ...browser, page, site, visit, ...controls(page) };
}

/** @param {import('playwright-core').Page} page */
function controls(page) {
  const element = page.locator('docsift-search');
  const input = element.getByRole('combobox');
  const options = element.getByRole('option');
  return {
    element,
    input,
    options,
    trigger: element.locator('[part="trigger"]'),
    /** Opens the dialog or the panel, and types. */
    type: async (/** @type {string} */ text) => {
      await page.evaluate(() => window.element.open());
      await input.fill('');
      await input.pressSequentially(text);
    },
    /** The titles in the order shown. */
    titles: () => element.locator('.hit > .option:first-child .title').allTextContents(),
    /** The option that screen readers are told of. */
    active: () =>
      page.evaluate(() => {
        const root = document.querySelector('docsift-search').shadowRoot;
        const id = root.querySelector('input').getAttribute('aria-activedescendant');
        return id && root.getElementById(id).querySelector('.title').textContent;
      }),
    violations: () => page.evaluate(() => window.violations),
    /** Waits until the panel shows this: start, waiting, results, none, unanswered or error. */
    shows: (/** @type {string} */ state) =>
      element.locator(`.root[data-state="${state}"]`).waitFor({ state: 'attached' }),
    events: () => page.evaluate(() => window.events),
    calls: () => page.evaluate(() => window.fake.calls),
    /** What has been said through a live region. */
    said: (/** @type {string | RegExp} */ text) =>
      element.locator('[aria-live]').filter({ hasText: text }).waitFor({ state: 'attached' }),
  };
}

/**
 * Fails on any violation of WCAG 2.2 A and AA, or of axe's best practices.
 *
 * @param {import('playwright-core').Page} page
 */
export async function checkAccessibility(page, /** @type {string} */ what) {
  // By the debugger, so that the page's policy stays as it is.
  await page.evaluate(`window.axe || (() => { ${axe.source} })()`);
  const { violations, passes } = await page.evaluate(() =>
    window.axe.run(document, { resultTypes: ['violations'] }),
  );
  assert.ok(passes.length > 10, 'axe has looked at something');
  assert.deepEqual(
    violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`),
    })),
    [],
    what,
  );
}
