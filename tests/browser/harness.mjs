/**
 * What every browser test needs: a server, Chromium with a profile of its own, and the certainty that the page logged no
 * error and asked no other host for anything.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { findBrowser } from '../../scripts/browser.mjs';
import { serve } from '../../scripts/serve.mjs';
import { serveFolders } from '../../web/src/cli/serve/static-server.mjs';

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

/** @type {WeakMap<object, (() => Promise<void>)[]>} */
const endings = new WeakMap();

/**
 * Registers work for the end of a test. The last registered is done first, so that a browser is closed before the server
 * that its page may still ask, and all of it is done, whatever fails.
 *
 * @param {Pick<import('node:test').TestContext, 'after'>} t
 * @param {() => Promise<void>} work
 */
function atEnd(t, work) {
  const registered = endings.get(t);
  if (registered) {
    registered.push(work);
    return;
  }
  const stack = [work];
  endings.set(t, stack);
  t.after(async () => {
    const outcomes = [];
    for (const each of stack.reverse()) outcomes.push(...(await Promise.allSettled([each()])));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  });
}

/**
 * Starts a server on a free port; it is closed when the test ends.
 *
 * @param {Pick<import('node:test').TestContext, 'after'>} t
 * @param {import('../../scripts/serve.mjs').ServerOptions} [options]
 */
export async function startSite(t, options = {}) {
  const site = await serve({ port: 0, ...options });
  atEnd(t, site.close);
  return site;
}

/**
 * The same, of nothing but the folders named.
 *
 * @param {Pick<import('node:test').TestContext, 'after'>} t
 * @param {import('../../web/src/cli/serve/static-server.mjs').ServerOptions} options
 */
export async function startFolders(t, options) {
  const site = await serveFolders({ port: 0, ...options });
  atEnd(t, site.close);
  return site;
}

/**
 * Makes an empty folder outside the repository. It is removed when the test ends, after what was opened later: a page still
 * open may ask for a file in it, and a file that is missing is a problem of the page.
 *
 * @param {Pick<import('node:test').TestContext, 'after'>} t
 * @param {string} name says in the file system what it is for
 */
export async function makeFolder(t, name) {
  const folder = await mkdtemp(path.join(tmpdir(), `docsift-${name}-`));
  atEnd(t, () => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/**
 * Makes an empty profile. A browser opened on it twice finds what the first one cached.
 *
 * @param {Pick<import('node:test').TestContext, 'after'>} t
 */
export const makeProfile = (t) => makeFolder(t, 'profile');

/**
 * @typedef {object} BrowserOptions
 * @property {string} origin the only one that pages may ask
 * @property {string[]} [others] but for these
 * @property {string} [profile] a folder; an empty one by default
 * @property {RegExp[]} [expected] problems that the test provokes on purpose; any other fails it
 * @property {string[]} [flags] of Chromium, beside those of the harness
 * @property {boolean} [untouched] its tabs are hidden, frozen and kept when left, as a visitor's are; Playwright otherwise
 *   has every page believe that it is in front
 * @property {object} [context] passed on to Playwright
 */

/**
 * Opens Chromium. When the test ends, the browser is closed, unless the test has done so, and the test fails if its pages
 * had a problem that was not expected.
 *
 * @param {Pick<import('node:test').TestContext, 'after'>} t
 * @param {BrowserOptions} options
 */
export async function openBrowser(
  t,
  {
    profile,
    origin,
    others = [],
    expected = [],
    flags = [],
    untouched = false,
    context: contextOptions = {},
  },
) {
  const executablePath = process.env.CHROMIUM ?? findBrowser()?.executable;
  assert.ok(executablePath, 'Chromium was not found: run `node scripts/setup.mjs --tests`');
  const options = { executablePath, args: [...FLAGS, ...flags], ...contextOptions };
  const { context, end } = await (untouched ? launchUntouched : launch)(
    profile ?? (await makeProfile(t)),
    options,
  );
  const problems = watch(context, [new URL(origin).origin, ...others]);
  let open = true;
  const close = async () => {
    if (open) await end();
    open = false;
  };
  atEnd(t, async () => {
    await close();
    const unexpected = problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
    assert.deepEqual(unexpected, [], 'the page had problems');
  });
  const page = context.pages()[0] ?? (await context.newPage());
  return { context, page, problems, close };
}

/**
 * @param {string} profile
 * @param {import('playwright-core').LaunchOptions} options
 */
async function launch(profile, options) {
  const context = await chromium.launchPersistentContext(profile, options);
  return { context, end: () => context.close() };
}

/** @type {typeof launch} */
async function launchUntouched(profile, { executablePath = '', args = [] }) {
  const flags = [...args, '--remote-debugging-port=0', `--user-data-dir=${profile}`];
  const browser = spawn(executablePath, [...flags, 'about:blank'], { stdio: 'ignore' });
  const ended = once(browser, 'exit');
  let port = '';
  for (const late = Date.now() + 60_000; port === ''; ) {
    assert.ok(Date.now() < late && browser.exitCode === null, 'Chromium did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
    [port] = (await readFile(path.join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')).split('\n');
  }
  const connection = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
  const end = async () => {
    await connection.close();
    browser.kill();
    await ended;
  };
  return { context: connection.contexts()[0], end };
}

/**
 * Opens one page of a site of its own.
 *
 * @param {Pick<import('node:test').TestContext, 'after'>} t
 * @param {Omit<BrowserOptions, 'origin'> & { path?: string, server?: import('../../scripts/serve.mjs').ServerOptions }} [options]
 */
export async function openPage(t, { path: where = '', server, ...options } = {}) {
  const site = await startSite(t, server);
  const browser = await openBrowser(t, { origin: site.url, ...options });
  await browser.page.goto(new URL(where, site.url).href);
  return { ...browser, site };
}

/**
 * Collects everything a well-behaved page does not do: errors it logs or throws, requests to other origins.
 *
 * @param {import('playwright-core').BrowserContext} context
 * @param {string[]} origins
 * @returns {string[]} grows as problems come up
 */
function watch(context, origins) {
  /** @type {string[]} */
  const problems = [];
  context.on('console', (message) => {
    if (message.type() !== 'error') return;
    const where = message.text().startsWith('Failed to load') ? ` ${message.location().url}` : '';
    problems.push(`console: ${message.text()}${where}`);
  });
  context.on('weberror', (event) => problems.push(`uncaught: ${event.error().message}`));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (!origins.includes(url.origin) && !['data:', 'blob:', 'about:'].includes(url.protocol))
      problems.push(`request to ${url.href}`);
  });
  return problems;
}
