/** `<docsift-search>` with the package's own search: one script, one tag, and the demo's help center. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { openElement } from './support/element.mjs';
import { countTraffic } from './support/traffic.mjs';

const CORPUS = path.join(ROOT, 'web', 'demo', 'corpus');

/** The package and documents as a site would have them: everything in one folder. */
async function openSite(t, options = {}) {
  const traffic = countTraffic();
  const opened = await openElement(t, {
    ...options,
    server: {
      folders: {
        '/docsift/models/': path.join(ROOT, 'models'),
        '/docsift/': path.join(ROOT, 'dist'),
        '/corpus/': CORPUS,
      },
      intercept: (request, response) => {
        if (request.url === '/docsift/index.json') request.url = '/corpus/zulip-help.json';
        return traffic.intercept(request, response);
      },
    },
  });
  return { ...opened, traffic };
}

/** Asks, and waits for the last stage. */
async function ask({ page, element, input, options }, text) {
  await page.evaluate(() => document.querySelector('docsift-search').open());
  await input.fill(text);
  await options.first().waitFor({ timeout: 240_000 });
  await element
    .locator('.root[data-state="results"]:not([data-improving])')
    .waitFor({ state: 'attached', timeout: 240_000 });
}

test('one script and one tag search the help center, within a strict policy', {
  timeout: 600_000,
}, async (t) => {
  const opened = await openSite(t);
  const { page, visit, element, options, titles, traffic } = opened;
  const watchViolations = () =>
    page.addInitScript(() => {
      window.violations = [];
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        window.violations.push(`${violatedDirective} ${blockedURI}`);
      });
    });
  await watchViolations();

  await t.test('nothing but the element is loaded before somebody searches', async () => {
    await visit({}, '/pages/element-plain.html');
    await page.waitForLoadState('networkidle');
    assert.deepEqual(
      [...traffic.requests.keys()].filter((path) => !path.startsWith('/pages/')),
      ['/docsift/element.js'],
    );
  });

  await t.test(
    'articles are found by their words while they are being read, with what is on its way told',
    async () => {
      await page.keyboard.press('/');
      await page.keyboard.type('password');
      await options.first().waitFor({ timeout: 240_000 });
      const progress = element.locator('[part="progress"]');
      t.diagnostic(`progress shown with the first results: ${await progress.isVisible()}`);
      assert.ok((await titles()).some((title) => /password/i.test(title)));
    },
  );

  await t.test('then by their meaning, reranked', async () => {
    // They are kept once all of them have been read.
    const kept = () => page.evaluate(async () => (await import('/docsift/docsift.js')).listIndexes());
    while ((await kept()).length === 0) await page.waitForTimeout(500);
    await ask(opened, 'someone posted in the wrong channel, how do I relocate the whole thread?');
    const found = await titles();
    t.diagnostic(found.join(' | '));
    assert.ok(
      found.slice(0, 3).some((title) => /move content|another stream|rename.*topic/i.test(title)),
      found.join(' | '),
    );
    const href = await options.first().getAttribute('href');
    assert.match(href, /^https:\/\/zulip\.com\/help\//);
    assert.ok((await options.locator('mark').count()) > 0, 'the words of the question are marked');
  });

  await t.test('the next page finds them read already', async () => {
    await visit({}, '/pages/element-plain.html');
    traffic.clear();
    await ask(opened, 'phone gets no push alerts');
    const found = await titles();
    t.diagnostic(found.join(' | '));
    assert.ok(
      found.slice(0, 3).some((title) => /mobile notifications/i.test(title)),
      found.join(' | '),
    );
    assert.ok(
      ![...traffic.requests.keys()].some((path) => path.endsWith('.gguf')),
      'no model is downloaded again',
    );
  });

  await t.test('a question that nothing here answers is told so, and another is answered', async () => {
    await page.evaluate(() => document.querySelector('docsift-search').setAttribute('min-score', '0.1'));
    await ask(opened, 'how do I mute a topic');
    assert.match((await titles())[0] ?? '', /mute a topic/i);
    await opened.input.fill('bake sourdough bread in a cast iron pot');
    await element.locator('.root[data-state="unanswered"]').waitFor({ state: 'attached', timeout: 240_000 });
    await element.locator('.message').getByText('Nothing here answers “bake sourdough').waitFor();
    assert.equal(await options.count(), 0);
  });

  await t.test('the policy was never violated', async () => {
    assert.deepEqual(await page.evaluate(() => window.violations), []);
  });
});

test('an index that is not there is told, and found when it is', { timeout: 120_000 }, async (t) => {
  let missing = true;
  const { visit, type, shows, element, page } = await openElement(t, {
    expected: [/404/],
    server: {
      folders: { '/corpus/': CORPUS },
      intercept: (request, response) => {
        if (request.url !== '/late.json') return false;
        response.writeHead(missing ? 404 : 200, { 'Content-Type': 'application/json' });
        response.end('{"some": "object"}');
        return true;
      },
    },
  });
  await visit({ real: '', index: '/late.json' });
  await type('topic');
  await shows('error');
  await element.getByText('found HTTP status 404').waitFor();
  missing = false;
  await element.getByRole('button', { name: 'Try again' }).click();
  await element.getByText('expected the manifest of an index or an array of documents').waitFor();
  const codes = await page.evaluate(() =>
    events.filter(({ type }) => type === 'error').map(({ code }) => code),
  );
  assert.deepEqual(codes, ['download_failed', 'invalid_index']);
});
