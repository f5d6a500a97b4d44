/** `enableOffline` on a server, and in a browser, that fail: what is kept is whole, or is not kept. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { LOGGED, PASSING_FAULTS, redirectTo } from './support/faults.mjs';
import { cacheContents, openPackage } from './support/package.mjs';

const SERVICE_WORKER = readFileSync(path.join(ROOT, 'dist', 'docsift-sw.js'));
const BYTES = Buffer.alloc(500_000, 'some text. ');

test('a service worker that never answers is waited for no longer than five minutes', async (t) => {
  const { page } = await openPackage(t, {
    server: {
      intercept: ({ url }, response) => {
        if (url !== '/pages/docsift-sw.js') return false;
        response.writeHead(200, { 'Content-Type': 'text/javascript' }).end('');
        return true;
      },
    },
  });
  await page.clock.install();
  await page.evaluate(() => {
    outcome(docsift.enableOffline()).then((answer) => {
      window.answer = answer;
    });
  });
  const answer = () => page.evaluate(() => window.answer);
  for (let minutes = 0; minutes < 10 && !(await answer()); minutes += 1) {
    await page.clock.fastForward('01:00');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { error } = (await answer()) ?? {};
  assert.equal(error?.code, 'download_failed');
  assert.match(error.message, /no answer within 5 minutes/);
});

test('a page that cannot be kept for offline use as it is', { timeout: 120_000 }, async (t) => {
  /** @type {Record<string, import('./support/faults.mjs').Fault>} */
  const answers = {
    '/pages/docsift-sw.js': (response) =>
      void response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(SERVICE_WORKER),
    '/pages/moved.txt': redirectTo('/pages/whole.txt'),
    '/pages/broken.txt': PASSING_FAULTS['a connection that breaks off'],
    '/pages/whole.txt': (response, bytes) => void response.writeHead(200).end(bytes),
  };
  const { page, site } = await openPackage(t, {
    expected: [LOGGED],
    server: {
      intercept: ({ url = '' }, response) => {
        answers[url]?.(response, BYTES);
        return url in answers;
      },
    },
  });
  const enable = (/** @type {string[]} */ ...urls) =>
    page.evaluate((urls) => outcome(docsift.enableOffline({ urls })), urls);
  const kept = async () => {
    const entries = await cacheContents(page);
    return entries.filter(({ cache }) => cache === 'docsift-pages').map(({ url }) => new URL(url).pathname);
  };

  await t.test('a file that is redirected: told, and nothing is kept', async () => {
    const { error } = await enable('whole.txt', 'moved.txt');
    assert.equal(error?.code, 'download_failed');
    assert.match(error.message, /moved\.txt: .*redirects to another address/);
    assert.deepEqual(await kept(), []);
  });

  await t.test('a file that breaks off: told, and nothing is kept', async () => {
    const { error } = await enable('whole.txt', 'broken.txt');
    assert.equal(error?.code, 'download_failed');
    assert.deepEqual(await kept(), []);
  });

  await t.test('no room for all: told, and nothing is kept', async () => {
    const devtools = await page.context().newCDPSession(page);
    const setRoom = (/** @type {number | undefined} */ quotaSize = undefined) =>
      devtools.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url).origin, quotaSize });
    await setRoom(300_000);
    const { error } = await enable('whole.txt');
    assert.equal(error?.code, 'download_failed');
    assert.match(error.message, /quota/i);
    assert.deepEqual(await kept(), []);
    await setRoom();
  });

  await t.test('and then all is there: kept', async () => {
    assert.deepEqual(await enable('whole.txt'), { value: undefined });
    for (const file of ['/pages/blank.html', '/pages/whole.txt', '/dist/worker.js'])
      assert.ok((await kept()).includes(file), file);
  });
});
