/**
 * What every browser test needs: a server, Chromium with a profile of its own, and the certainty that the page logged no
 * error and asked no other host for anything.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { findBrowser } from '../../scripts/browser.mjs';
import { serve } from '../../scripts/serve.mjs';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Even what escaped the page's policy would reach no other host.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost',
];

/**
 * Starts a server on a free port; it is closed when the test ends.
 *
 * @param {import('node:test').TestContext} t
 * @param {import('../../scripts/serve.mjs').ServerOptions} [options]
 */
export async function startSite(t, options = {}) {
  const site = await serve({ port: 0, ...options });
  t.after(() => site.close());
  return site;
}

/**
 * Makes an empty profile folder, removed when the test ends. A browser opened on it twice finds what the first one
 * cached.
 *
 * @param {import('node:test').TestContext} t
 */
export async function makeProfile(t) {
  const profile = await mkdtemp(path.join(tmpdir(), 'docsift-profile-'));
  t.after(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  return profile;
}

/**
 * Opens Chromium; it is closed when the test ends, unless the test has done so.
 *
 * @param {import('node:test').TestContext} t
 * @param {{ profile?: string, origin: string, flags?: string[], context?: object }} options `origin` is the only one the
 *   page may ask; `profile` is a fresh one by default; `context` is passed on to Playwright
 */
export async function openBrowser(t, { profile, origin, flags = [], context: contextOptions = {} }) {
  const executablePath = process.env.CHROMIUM ?? findBrowser()?.executable;
  assert.ok(executablePath, 'Chromium was not found: run `node scripts/setup.mjs --tests`');
  const context = await chromium.launchPersistentContext(profile ?? (await makeProfile(t)), {
    executablePath,
    args: [...FLAGS, ...flags],
    ...contextOptions,
  });
  const problems = watch(context, new URL(origin).origin);
  let open = true;
  const close = async () => {
    if (open) await context.close();
    open = false;
  };
  t.after(close);
  const page = context.pages()[0] ?? (await context.newPage());
  return { context, page, problems, close };
}

/**
 * Opens one page of a site of its own and checks, when the test ends, that it had no problems.
 *
 * @param {import('node:test').TestContext} t
 * @param {{ path?: string, server?: import('../../scripts/serve.mjs').ServerOptions, flags?: string[], context?: object }} [options]
 */
export async function openPage(t, { path: where = '', server, ...options } = {}) {
  const site = await startSite(t, server);
  const browser = await openBrowser(t, { origin: site.url, ...options });
  await browser.page.goto(new URL(where, site.url).href);
  return { ...browser, site };
}

/**
 * Collects everything a well-behaved page does not do: errors it logs or throws, requests to another origin.
 *
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} origin
 * @returns {string[]} grows as problems come up
 */
function watch(context, origin) {
  /** @type {string[]} */
  const problems = [];
  context.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  context.on('weberror', (event) => problems.push(`uncaught: ${event.error().message}`));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && !['data:', 'blob:', 'about:'].includes(url.protocol))
      problems.push(`request to ${url.href}`);
  });
  return problems;
}
