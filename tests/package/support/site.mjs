/** A folder served as a host without any settings would serve it, and the search in its pages. */
import { openBrowser, startFolders } from '../../browser/harness.mjs';
import { countTraffic } from '../../browser/support/traffic.mjs';

const PATIENCE_MS = 120_000;

/**
 * Serves folders and opens a browser, which fails the test on an error in the console or a request to anywhere else.
 *
 * @param {import('node:test').TestContext} t
 * @param {Record<string, string>} folders by their prefix
 * @param {{ policy?: string, pretty?: boolean } & Partial<import('../../browser/harness.mjs').BrowserOptions>} [options]
 *   `policy` is docsift's own where it is not named
 */
export async function openSite(t, folders, { policy, pretty, ...options } = {}) {
  const traffic = countTraffic();
  const site = await startFolders(t, { folders, policy, pretty, intercept: traffic.intercept });
  const browser = await openBrowser(t, { origin: site.url, ...options });
  browser.page.setDefaultTimeout(PATIENCE_MS);
  return { ...browser, site, traffic };
}

/**
 * Asks the page's element, waits for the last stage, and takes the first result, which is not followed.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} question
 * @returns {Promise<{ titles: string[], href: string, reranked: boolean }>} the titles shown, best first; where the first
 *   leads to, and whether a cross-encoder has read it
 */
export async function askElement(page, question) {
  const element = page.locator('docsift-search');
  await element.locator('input').waitFor({ state: 'attached' });
  await element.evaluate((search, text) => search.open(text), question);
  await element.locator('.root[data-state="results"]:not([data-improving])').waitFor({ state: 'attached' });
  const titles = await element.locator('.hit > .option:first-child .title').allTextContents();
  const selected = element.evaluate(
    (search) =>
      new Promise((resolve) => {
        search.addEventListener(
          'docsift:select',
          (event) => {
            event.preventDefault();
            resolve({ href: event.detail.href, reranked: event.detail.hit.scores.cross !== undefined });
          },
          { once: true },
        );
      }),
  );
  await element.getByRole('option').first().click();
  return { titles, ...(await selected) };
}
