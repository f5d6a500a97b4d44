/** The folder that `docsift index` writes, served as a site would serve it: one script, one tag, and whatever goes wrong. */
import assert from 'node:assert/strict';
import { readdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { docsift, scratch } from '../cli/support.mjs';
import { openElement } from './support/element.mjs';
import { countTraffic } from './support/traffic.mjs';

const PART = /^\/docsift\/(documents|lexical|vectors|texts)\.[0-9a-f]{16}\.bin$/;
const QUERY = 'recognise what is in my photo';

/**
 * A deployed folder, and pages of its site. `answer` is asked before a file of it is served.
 *
 * @param {import('node:test').TestContext} t
 * @param {{ expected?: RegExp[] }} [options]
 */
async function deploy(t, options = {}) {
  const site = await scratch(t, 'markdown');
  const out = path.join(await scratch(t), 'docsift');
  const index = async () => {
    const { code, stderr } = await docsift(['index', site, '--out', out]);
    assert.equal(code, 0, stderr);
  };
  await index();
  const traffic = countTraffic();
  /** @type {{ answer: NonNullable<import('../../scripts/serve.mjs').ServerOptions['intercept']> }} */
  const server = { answer: () => false };
  const browser = await openElement(t, {
    ...options,
    server: {
      folders: { '/docsift/': out },
      intercept: (request, response) => {
        traffic.intercept(request, response);
        return server.answer(request, response);
      },
    },
  });
  await browser.visit({}, '/pages/element-plain.html');
  /** The paths asked for so far, of this kind of part or of all. */
  const parts = (kind = '') =>
    [...traffic.requests.keys()].filter((url) => PART.test(url) && url.startsWith(`/docsift/${kind}`));
  return { ...browser, site, out, index, traffic, server, parts };
}

/**
 * Opens the index in the page and queries it; tells of every stage, or of the error.
 *
 * @param {import('playwright-core').Page} page
 * @param {object} [options] of `createSearch`
 * @param {string} [text]
 */
const query = (page, options = {}, text = QUERY) =>
  page.evaluate(
    async ([text, options]) => {
      const { createSearch } = await import('/docsift/docsift.js');
      const failed = ({ code, message }) => ({ code, message });
      let search;
      try {
        search = await createSearch({ index: '/docsift/', ...options });
      } catch (error) {
        return { error: failed(error) };
      }
      const stages = [];
      for await (const { stage, final, hits, reason, rerank } of search.stream(text)) {
        const [{ id, excerpt, document }] = hits.length > 0 ? hits : [{}];
        stages.push({
          ...{ stage, final, id, excerpt: excerpt?.text, body: document?.body, why: rerank.why },
          reason: reason && failed(reason),
        });
      }
      const { staleIndex, ...stats } = await search.stats();
      search.close();
      return { stages, last: stages.at(-1), stale: staleIndex && failed(staleIndex), stats };
    },
    [text, options],
  );

/** @param {Partial<Record<'flip' | 'cut' | 'html', boolean>>} how @param {Buffer} bytes */
function damaged(how, bytes) {
  if (how.html) return Buffer.from('<!doctype html><title>Not found</title>');
  if (how.cut) return bytes.subarray(0, -1);
  const flipped = Buffer.from(bytes);
  flipped[bytes.length >> 1] ^= 1;
  return flipped;
}

test('a deployed folder is searched, and nothing in it is embedded by the visitor', {
  timeout: 400_000,
}, async (t) => {
  const { page, element, input, options, titles, parts } = await deploy(t);
  await page.evaluate(() => document.querySelector('docsift-search').open());
  await input.fill(QUERY);
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
  for (const kind of ['documents', 'lexical', 'vectors', 'texts']) assert.equal(parts(kind).length, 1, kind);
});

test('words are found before any model or vector is there, texts when they are shown', {
  timeout: 300_000,
}, async (t) => {
  const { page, traffic, server, parts } = await deploy(t);
  /** @type {(() => void)[]} */
  const held = [];
  server.answer = ({ url = '' }, response) => {
    if (!/\.gguf|vectors\./.test(url) || held.length > 2) return false;
    // Served once the words have been found.
    held.push(() => response.destroy());
    return true;
  };
  const first = await page.evaluate(async (text) => {
    const { createSearch } = await import('/docsift/docsift.js');
    window.search = await createSearch({ index: '/docsift/' });
    window.early = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
    const told = [];
    for await (const { stage, final, hits } of window.search.stream(text)) {
      told.push({ stage, final, id: hits[0].id, excerpt: hits[0].excerpt.text });
      if (told.length === 2) return told;
    }
  }, 'watering times');
  const words = { stage: 'lexical', final: false, id: '/' };
  const [{ excerpt }] = first.splice(1, 1, words);
  assert.deepEqual(first, [{ ...words, excerpt: '' }, words], 'at once, and once more with the texts');
  assert.match(excerpt, /water/i);
  const early = await page.evaluate(() => window.early);
  assert.deepEqual(
    early
      .filter((url) => PART.test(url))
      .map((url) => url.split(/[/.]/)[2])
      .sort(),
    ['documents', 'lexical'],
    'before it takes queries',
  );
  assert.ok(!early.some((url) => /(relaxed|simd128)\.wasm|gguf/.test(url)), 'nor the engine, nor a model');
  assert.equal(parts('texts').length, 1);

  for (const release of held.splice(0, 3)) release();
  server.answer = () => false;
  const last = await page.evaluate((text) => window.search.query(text), QUERY);
  assert.deepEqual(
    [last.stage, last.reason, last.hits[0].id],
    ['reranked', undefined, '/guides/02-add-a-plant'],
  );
  assert.match(last.hits[0].document.body, /picture/i, 'a hit has its whole document');

  traffic.clear();
  await page.reload();
  const again = await query(page);
  assert.equal(again.last.stage, 'reranked');
  assert.deepEqual(parts(), [], 'parts are kept by the browser');
});

test('a part that is not the index’s own is named, and what can be answered is', {
  timeout: 500_000,
}, async (t) => {
  const { page, out, server } = await deploy(t, { expected: [/./] });
  const names = await readdir(out);
  /** @param {string} kind */
  const fileOf = (kind) => /** @type {string} */ (names.find((name) => name.startsWith(`${kind}.`)));
  /** @param {string} kind @param {Parameters<typeof damaged>[0] & { missing?: boolean, silent?: boolean }} how */
  const with_ = async (kind, how, text = QUERY) => {
    const file = fileOf(kind);
    const bytes = await readFile(path.join(out, file));
    server.answer = ({ url = '' }, response) => {
      if (!url.endsWith(file)) return false;
      if (how.silent) return true;
      response.writeHead(how.missing ? 404 : 200, { 'Content-Type': 'application/octet-stream' });
      response.end(how.missing ? 'not found' : damaged(how, bytes));
      return true;
    };
    const found = await query(page, { cache: false }, text);
    server.answer = () => false;
    return { found, file };
  };

  for (const [kind, how, code] of /** @type {const} */ ([
    ['documents', { cut: true }, 'integrity'],
    ['lexical', { flip: true }, 'integrity'],
    ['lexical', { missing: true }, 'download_failed'],
  ])) {
    const { found, file } = await with_(kind, how);
    assert.equal(found.error?.code, code, kind);
    assert.ok(found.error?.message.includes(file), found.error?.message);
  }

  for (const [how, code] of /** @type {const} */ ([
    [{ flip: true }, 'integrity'],
    [{ missing: true }, 'download_failed'],
  ])) {
    const { found, file } = await with_('vectors', how, 'watering times');
    assert.deepEqual([found.last.stage, found.last.final, found.last.reason?.code], ['lexical', true, code]);
    assert.ok(found.last.reason?.message.includes(file), found.last.reason?.message);
    assert.equal(found.last.id, '/', 'words are found all the same');
  }

  for (const [how, code] of /** @type {const} */ ([
    [{ html: true }, 'integrity'],
    [{ missing: true }, 'download_failed'],
    [{ silent: true }, 'download_failed'],
  ])) {
    const { found, file } = await with_('texts', how);
    const { stage, final, id, excerpt, why, reason } = found.last;
    assert.deepEqual([stage, final, why, reason?.code], ['hybrid', true, 'failed', code]);
    assert.deepEqual([id, excerpt], ['/guides/02-add-a-plant', '']);
    assert.ok(reason?.message.includes(file), reason?.message);
  }
  const { last } = await query(page, { cache: false });
  assert.deepEqual([last.stage, last.reason], ['reranked', undefined], 'nothing of it is left');
});

test('an index of another version or model is refused, and the last good one serves until it is mended', {
  timeout: 500_000,
}, async (t) => {
  const { page, out, server } = await deploy(t, { expected: [/./] });
  const manifest = JSON.parse(await readFile(path.join(out, 'index.json'), 'utf8'));
  /** @param {object} change */
  const changed = (change) => {
    server.answer = ({ url = '' }, response) => {
      if (!url.endsWith('/docsift/index.json')) return false;
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ ...manifest, ...change }));
      return true;
    };
  };
  changed({ version: 3 });
  const { error } = await query(page);
  assert.equal(error?.code, 'invalid_index');
  assert.match(error?.message ?? '', /index\.json: expected version 2, found 3/);

  changed({ model: { ...manifest.model, fingerprint: 'another' } });
  const other = await query(page);
  assert.deepEqual([other.last.stage, other.last.reason?.code], ['lexical', 'invalid_index']);
  assert.match(other.last.reason?.message ?? '', /another embedder/);

  server.answer = () => false;
  assert.equal((await query(page)).last.stage, 'reranked');
  const [part] = manifest.parts.lexical;
  const lost = { ...part, sha256: 'f'.repeat(64), file: `lexical.${'f'.repeat(16)}.bin` };
  changed({ parts: { ...manifest.parts, lexical: [lost] } });
  const kept = await query(page);
  assert.deepEqual([kept.last.stage, kept.last.id], ['reranked', '/guides/02-add-a-plant']);
  assert.equal(kept.stale?.code, 'download_failed');
  assert.match(kept.stale?.message ?? '', /lexical\.ffff/);

  await rename(path.join(out, manifest.parts.vectors[0].file), path.join(out, 'elsewhere'));
  server.answer = () => false;
  const mended = await query(page);
  assert.deepEqual(
    [mended.last.stage, mended.stale],
    ['reranked', undefined],
    'by what the browser has kept',
  );
});

test('a page that asks for no model searches by words, and fetches nothing else', {
  timeout: 300_000,
}, async (t) => {
  const { page, traffic, parts } = await deploy(t);
  const { last, stats } = await query(page, { models: { embedder: false } });
  assert.deepEqual([last.stage, last.final, last.reason], ['lexical', true, undefined]);
  assert.equal(stats.documents, 4);
  assert.equal(parts('vectors').length, 0);
  assert.ok(![...traffic.requests.keys()].some((url) => /(relaxed|simd128)\.wasm|gguf/.test(url)));
});

test('where WebAssembly is blocked, titles of the index are searched, and the reason is given', {
  timeout: 200_000,
}, async (t) => {
  const { page, visit } = await deploy(t, { expected: [/./] });
  await page.addInitScript(() => Object.assign(window, { WebAssembly: undefined }));
  await visit({}, '/pages/element-plain.html');
  const { last } = await query(page, {}, 'a plant');
  assert.deepEqual(
    [last.stage, last.final, last.id, last.reason?.code],
    ['lexical', true, '/guides/02-add-a-plant', 'no_wasm'],
  );
});

test('an opened index is changed, survives its workers, is saved, and with all its texts needs no server', {
  timeout: 300_000,
}, async (t) => {
  const { page, server } = await deploy(t, { expected: [/./] });
  const ask = (/** @type {string} */ text) =>
    page.evaluate(async (text) => {
      const { stage, hits, reason } = await window.search.query(text);
      return [stage, hits[0]?.id, reason?.message];
    }, text);
  await page.evaluate(async () => {
    const { createSearch } = await import('/docsift/docsift.js');
    window.search = await createSearch({ index: '/docsift/', workers: 1 });
    await window.search.ready();
    await window.search.fetchTexts();
  });
  // From here on no part of the index can be had.
  server.answer = ({ url = '' }, response) => {
    if (!PART.test(url)) return false;
    response.writeHead(404);
    response.end();
    return true;
  };
  assert.deepEqual(await ask(QUERY), ['reranked', '/guides/02-add-a-plant', undefined]);

  const changed = await page.evaluate(async () => {
    const { search } = window;
    const body = 'Bring the pots inside before the first frost.';
    await search.add([{ id: 'frost', title: 'Frost', body }]);
    return [await search.remove(['/guides/02-add-a-plant', 'unknown']), (await search.stats()).documents];
  });
  assert.deepEqual(changed, [1, 4]);
  assert.deepEqual(await ask('cold nights'), ['reranked', 'frost', undefined]);
  const [, first] = await ask(QUERY);
  assert.notEqual(first, '/guides/02-add-a-plant');

  for (const worker of page.workers()) {
    await worker.evaluate(() => {
      setTimeout(() => {
        throw new Error('stopped by the test');
      });
    });
    await worker.evaluate(() => new Promise(() => {})).catch(() => {});
  }
  // By its words, until it is embedded again.
  assert.deepEqual(await ask('pots before frost'), ['reranked', 'frost', undefined]);
  assert.notEqual((await ask(QUERY))[1], '/guides/02-add-a-plant');

  const saved = await page.evaluate(async () => {
    const { createSearch } = await import('/docsift/docsift.js');
    for (;;) {
      const { passages, embedded } = await window.search.stats();
      if (passages === embedded) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await window.search.save('changed');
    window.search.close();
    window.search = await createSearch({ restore: 'changed' });
    const { documents, passages, embedded } = await window.search.stats();
    return { documents, missing: passages - embedded };
  });
  assert.deepEqual(saved, { documents: 4, missing: 0 });
  assert.deepEqual(await ask('cold nights'), ['reranked', 'frost', undefined]);
});
