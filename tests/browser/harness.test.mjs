/** The harness itself: what it must not let pass. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { makeFolder, openPage } from './harness.mjs';

/**
 * A server whose front page is this script in an otherwise empty page.
 *
 * @param {string} script
 */
const pageWith = (script) => ({
  /** @type {import('../../scripts/serve.mjs').ServerOptions['intercept']} */
  intercept: (request, response) => {
    if (request.url !== '/') return false;
    response
      .writeHead(200, { 'Content-Type': 'text/html' })
      .end(`<!doctype html><title>probe</title><link rel="icon" href="data:,"><script>${script}</script>`);
    return true;
  },
});

/**
 * Stands for a test that opens a page: its hooks are run by hand, to see whether they fail it.
 *
 * @param {import('node:test').TestContext} t
 */
function innerTest(t) {
  /** @type {(() => unknown)[]} */
  const hooks = [];
  const end = async () => {
    for (const hook of hooks.splice(0)) await hook();
  };
  // Whatever happens, the browser is closed.
  t.after(() => end().catch(() => {}));
  return { after: (/** @type {() => unknown} */ hook) => void hooks.push(hook), end };
}

/**
 * @param {() => boolean} condition
 */
async function until(condition) {
  for (let tries = 0; tries < 100 && !condition(); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

for (const [name, script, expected] of [
  ['a logged error', 'console.error("broken")', /^console: broken$/],
  [
    'an error logged by a worker',
    'new Worker(URL.createObjectURL(new Blob(["console.error(\\"broken\\")"])))',
    /^console: broken$/,
  ],
  ['an uncaught error', 'setTimeout(() => { throw new Error("broken") })', /^uncaught: broken$/],
  [
    'a request to another host',
    'fetch("http://elsewhere.example/x").catch(() => {})',
    /^request to http:\/\/elsewhere\.example\/x$/,
  ],
  ['an unhandled rejection', 'Promise.reject(new Error("broken"))', /^uncaught: broken$/],
]) {
  test(`fails a test over ${name}`, async (t) => {
    const inner = innerTest(t);
    const { problems } = await openPage(inner, { server: pageWith(script) });
    await until(() => problems.some((problem) => expected.test(problem)));
    await assert.rejects(inner.end(), (/** @type {any} */ error) => {
      assert.match(error.message, /the page had problems/);
      assert.ok(
        problems.some((problem) => expected.test(problem)),
        `found: ${problems.join('; ')}`,
      );
      return true;
    });
  });
}

test('lets a problem pass that the test declares', async (t) => {
  const inner = innerTest(t);
  const { problems } = await openPage(inner, {
    server: pageWith('console.error("broken as planned")'),
    expected: [/as planned/],
  });
  await until(() => problems.length > 0);
  await inner.end();
  assert.equal(problems.length, 1);
});

test('says which file a page did not get', async (t) => {
  const inner = innerTest(t);
  const { problems, site } = await openPage(inner, { server: pageWith('fetch("/no/such/file")') });
  await until(() => problems.length > 0);
  await assert.rejects(inner.end);
  const file = new URL('no/such/file', site.url).href;
  assert.deepEqual(problems, [
    `console: Failed to load resource: the server responded with a status of 404 (Not Found) ${file}`,
  ]);
});

test('keeps a folder until the pages that may ask for it are closed', async (t) => {
  const inner = innerTest(t);
  const folder = await makeFolder(inner, 'harness');
  /** @type {boolean[]} */
  const there = [];
  const { context } = await openPage(inner, { server: pageWith('') });
  context.on('close', () => there.push(existsSync(folder)));
  await inner.end();
  assert.deepEqual([...there, existsSync(folder)], [true, false]);
});

test('has nothing against a page that behaves', async (t) => {
  const { page, problems } = await openPage(t, { server: pageWith('console.log("fine")') });
  assert.equal(await page.title(), 'probe');
  assert.deepEqual(problems, []);
});
