/** One Chromium; one page per engine, in a profile and from a server of its own. */
import { chromium } from 'playwright-core';
import { serve } from '../../scripts/serve.mjs';
import { FOLDERS } from './prepare.mjs';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @param {string} executablePath */
export function openBrowser(executablePath) {
  return chromium.launch({ executablePath, args: FLAGS });
}

/**
 * A page with `window.bench` (page/host.js).
 *
 * @typedef {object} BenchPage
 * @property {(name: string, ...parameters: unknown[]) => Promise<any>} call a function of `window.bench`
 * @property {() => number} downloaded bytes its server has sent, headers included, nothing compressed
 * @property {() => Promise<void>} close
 */

/**
 * @param {import('playwright-core').Browser} browser
 * @param {{ isolated: boolean }} options
 * @returns {Promise<BenchPage>}
 */
export async function openPage(browser, { isolated }) {
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  const site = await serve({
    port: 0,
    folders: FOLDERS,
    intercept(request, response) {
      sockets.add(request.socket);
      if (isolated) {
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      }
      return false;
    },
  });
  const context = await browser.newContext();
  // Also where the browser is closed with pages open.
  context.once('close', () => site.close());
  const page = await context.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(site.url);
  await page.waitForFunction(() => 'bench' in window);
  return {
    async call(name, ...parameters) {
      try {
        return await page.evaluate(
          ([name, parameters]) => window.bench[name](...parameters),
          [name, parameters],
        );
      } catch (error) {
        const message = [error.message, ...complaints.slice(-5)].join('\n');
        throw new Error(message, { cause: error });
      }
    },
    downloaded: () => [...sockets].reduce((total, { bytesWritten }) => total + bytesWritten, 0),
    close: () => context.close(),
  };
}
