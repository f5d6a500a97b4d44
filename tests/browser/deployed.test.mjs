/** The folder that `docsift index` writes, served as a site would serve it: one script, one tag. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { docsift, scratch } from '../cli/support.mjs';
import { openElement } from './support/element.mjs';
import { countTraffic } from './support/traffic.mjs';

test('a deployed folder is searched, and nothing in it is embedded by the visitor', {
  timeout: 400_000,
}, async (t) => {
  const site = await scratch(t, 'markdown');
  const out = path.join(await scratch(t), 'docsift');
  const { code, stderr } = await docsift(['index', site, '--out', out]);
  assert.equal(code, 0, stderr);

  const traffic = countTraffic();
  const { page, visit, element, input, options, titles } = await openElement(t, {
    server: { folders: { '/docsift/': out }, intercept: traffic.intercept },
  });
  await visit({}, '/pages/element-plain.html');
  await page.evaluate(() => document.querySelector('docsift-search').open());
  await input.fill('recognise what is in my photo');
  await options.first().waitFor({ timeout: 240_000 });
  await element
    .locator('.root[data-state="results"]:not([data-improving])')
    .waitFor({ state: 'attached', timeout: 240_000 });
  assert.match((await titles())[0], /Add a plant/);
  assert.match(await options.first().getAttribute('href'), /02-add-a-plant#picture$/);

  const counts = await page.evaluate(async () => {
    const { createSearch } = await import('/docsift/docsift.js');
    const embedded = [];
    const search = await createSearch({
      index: '/docsift/index.json',
      models: { reranker: false },
      onProgress: ({ stage }) => stage === 'embed' && embedded.push(stage),
    });
    await search.ready();
    const { documents, passages, embedded: vectors } = await search.stats();
    search.close();
    return { documents, missing: passages - vectors, embedded: embedded.length };
  });
  assert.deepEqual(counts, { documents: 4, missing: 0, embedded: 0 });
  assert.ok(
    [...traffic.requests.keys()].some((url) => /^\/docsift\/index\.[0-9a-f]{16}\.docsift$/.test(url)),
  );
});

test('an index that is damaged is refused, and said why', { timeout: 200_000 }, async (t) => {
  const site = await scratch(t, 'markdown');
  const out = path.join(await scratch(t), 'docsift');
  assert.equal((await docsift(['index', site, '--out', out])).code, 0);
  const { page, visit } = await openElement(t, {
    expected: [/./],
    server: {
      folders: { '/docsift/': out },
      intercept: (request, response) => {
        if (!request.url.endsWith('.docsift')) return false;
        response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
        response.end('something else');
        return true;
      },
    },
  });
  await visit({}, '/pages/element-plain.html');
  const failure = await page.evaluate(async () => {
    const { createSearch } = await import('/docsift/docsift.js');
    return createSearch({ index: '/docsift/index.json' }).then(
      () => 'opened',
      ({ code }) => code,
    );
  });
  assert.equal(failure, 'integrity');
});
