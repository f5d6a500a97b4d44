/** The harness itself: what it must not let pass. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from './harness.mjs';

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
      .end(`<!doctype html><title>probe</title><script>${script}</script>`);
    return true;
  },
});

/**
 * @param {() => boolean} condition
 */
async function until(condition) {
  for (let tries = 0; tries < 100 && !condition(); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

for (const [name, script, expected] of [
  ['a logged error', 'console.error("broken")', /^console: broken$/],
  ['an uncaught error', 'setTimeout(() => { throw new Error("broken") })', /^uncaught: broken$/],
  [
    'a request to another host',
    'fetch("http://elsewhere.example/x").catch(() => {})',
    /^request to http:\/\/elsewhere\.example\/x$/,
  ],
  ['an unhandled rejection', 'Promise.reject(new Error("broken"))', /^uncaught: broken$/],
]) {
  test(`notices ${name}`, async (t) => {
    const { problems } = await openPage(t, { server: pageWith(script) });
    await until(() => problems.some((problem) => expected.test(problem)));
    assert.ok(
      problems.some((problem) => expected.test(problem)),
      `found: ${problems.join('; ') || 'nothing'}`,
    );
  });
}

test('has nothing against a page that behaves', async (t) => {
  const { page, problems } = await openPage(t, { server: pageWith('console.log("fine")') });
  assert.equal(await page.title(), 'probe');
  assert.deepEqual(problems, []);
});
