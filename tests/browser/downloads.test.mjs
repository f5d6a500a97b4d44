/** Downloads that go wrong, and caches that are full, absent or damaged: through the package, in a real browser. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { drip, FAULTS, LOGGED, misbehave, silent, silentHalfway } from './support/faults.mjs';
import { cacheContents, emptyCaches, openPackage, SMALL_EMBEDDER } from './support/package.mjs';

const WEIGHTS = readFileSync(path.join(ROOT, 'tests', SMALL_EMBEDDER));
const MODEL = {
  weights: SMALL_EMBEDDER,
  bytes: WEIGHTS.length,
  sha256: createHash('sha256').update(WEIGHTS).digest('hex'),
  revision: '1',
};

/** How often a file is asked for before the fault is reported. */
const ATTEMPTS = 3;

/**
 * Opens the package on a server that misbehaves on demand.
 *
 * @param {import('node:test').TestContext} t
 * @param {Parameters<typeof openPackage>[1]} [options]
 */
async function openOnFaultyServer(t, options) {
  const server = misbehave((where) =>
    path.join(ROOT, where.startsWith('/golden/') ? `tests${where}` : where),
  );
  const opened = await openPackage(t, {
    expected: [LOGGED],
    ...options,
    server: { intercept: server.intercept },
  });
  return { ...opened, ...server };
}

/** Loads the small embedder, and embeds something with it. */
const loadSmall = (page, options = {}) =>
  page.evaluate(
    (options) =>
      outcome(
        (async () => {
          const embedder = await docsift.loadEmbedder({ workers: 1, ...options });
          const row = await embedder.embed(['hello']);
          embedder.close();
          return row.length;
        })(),
      ),
    { model: MODEL, ...options },
  );

const weightsIn = (entries) => entries.filter(({ url }) => url.includes(SMALL_EMBEDDER));

test('weights that do not arrive as they should', async (t) => {
  const { page, requests, setFault } = await openOnFaultyServer(t);

  for (const [name, [code, attempts]] of Object.entries({
    'a short body': ['integrity', ATTEMPTS],
    'a connection that breaks off': ['download_failed', ATTEMPTS],
    'a body that goes on': ['integrity', ATTEMPTS],
    'other bytes of the same length': ['integrity', ATTEMPTS],
    'an HTML page': ['integrity', ATTEMPTS],
    'status 404': ['download_failed', 1],
    'status 500': ['download_failed', ATTEMPTS],
  })) {
    await t.test(
      `${name}: reported after ${attempts} ${attempts === 1 ? 'request' : 'requests'}, and not kept`,
      async (t) => {
        setFault(SMALL_EMBEDDER, Number.POSITIVE_INFINITY, FAULTS[name]);
        const { error } = await loadSmall(page);
        t.diagnostic(`${error?.code}: ${error?.message}`);
        assert.equal(error?.name, 'DocsiftError');
        assert.equal(error.code, code);
        assert.match(error.message, /model\.q8_0\.gguf/);
        assert.equal(requests(SMALL_EMBEDDER), attempts);
        assert.deepEqual(weightsIn(await cacheContents(page)), []);
      },
    );
  }

  for (const name of ['a short body', 'other bytes of the same length', 'an HTML page', 'status 500']) {
    await t.test(`${name}, then the file: used and kept`, async () => {
      await emptyCaches(page);
      setFault(SMALL_EMBEDDER, 1, FAULTS[name]);
      assert.deepEqual(await loadSmall(page), { value: 128 });
      assert.equal(requests(SMALL_EMBEDDER), 2);
      assert.deepEqual(
        weightsIn(await cacheContents(page)).map(({ sha256 }) => sha256),
        [MODEL.sha256],
      );
    });
  }

  await t.test('what is kept is not asked for again', async () => {
    setFault(SMALL_EMBEDDER, Number.POSITIVE_INFINITY, FAULTS['status 500']);
    assert.deepEqual(await loadSmall(page), { value: 128 });
    assert.equal(requests(SMALL_EMBEDDER), 0);
  });

  await t.test('another revision takes the place of the one that is kept', async () => {
    setFault(SMALL_EMBEDDER, 0, FAULTS['status 500']);
    assert.deepEqual(await loadSmall(page, { model: { ...MODEL, revision: '2' } }), { value: 128 });
    assert.equal(requests(SMALL_EMBEDDER), 1);
    const kept = weightsIn(await cacheContents(page));
    assert.equal(kept.length, 1);
    assert.match(kept[0].url, /docsift=2\./);
  });

  await t.test('a damaged entry of the cache is replaced', async () => {
    await page.evaluate(async (weights) => {
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const { url } of await cache.keys())
          if (url.includes(weights)) await cache.put(url, new Response(new Uint8Array(1000)));
      }
    }, SMALL_EMBEDDER);
    setFault(SMALL_EMBEDDER, 0, FAULTS['status 500']);
    assert.deepEqual(await loadSmall(page, { model: { ...MODEL, revision: '2' } }), { value: 128 });
    assert.equal(requests(SMALL_EMBEDDER), 1);
    assert.deepEqual(
      weightsIn(await cacheContents(page)).map(({ sha256 }) => sha256),
      [MODEL.sha256],
    );
  });
});

test('weights from a server that falls silent', async (t) => {
  const { page, requests, setFault } = await openOnFaultyServer(t);
  /** Their worker waits 30 s for a word of the network, on a clock that runs so many times faster. */
  const loadHurried = (/** @type {number} */ hurry) =>
    loadSmall(page, { workerUrl: `/pages/failing-worker.js?hurry=${hurry}` });

  for (const [name, fault] of Object.entries({ 'at once': silent, 'in the middle': silentHalfway })) {
    await t.test(`${name}: given up after 30 s, and reported after ${ATTEMPTS} requests`, async () => {
      setFault(SMALL_EMBEDDER, Number.POSITIVE_INFINITY, fault);
      const { error } = await loadHurried(100);
      assert.equal(error?.code, 'download_failed');
      assert.match(error.message, /model\.q8_0\.gguf: no answer within 30 s/);
      assert.equal(requests(SMALL_EMBEDDER), ATTEMPTS);
      assert.deepEqual(weightsIn(await cacheContents(page)), []);
    });

    await t.test(`${name}, once: used and kept`, async () => {
      setFault(SMALL_EMBEDDER, 1, fault);
      assert.deepEqual(await loadHurried(100), { value: 128 });
      assert.equal(requests(SMALL_EMBEDDER), 2);
      assert.equal(weightsIn(await cacheContents(page)).length, 1);
      await emptyCaches(page);
    });
  }

  await t.test('but sends every now and then: waited for, however long it takes', async () => {
    const pieces = 8;
    const dripping = drip(pieces);
    setFault(SMALL_EMBEDDER, 1, dripping.fault);
    // Each silence is of 6 s for the worker, all together of 48 s.
    const timer = setInterval(dripping.next, 600);
    t.after(() => clearInterval(timer));
    assert.deepEqual(await loadHurried(10), { value: 128 });
    assert.equal(requests(SMALL_EMBEDDER), 1);
  });
});

test('a runtime or a manifest that does not arrive as it should', async (t) => {
  const { page, requests, setFault } = await openOnFaultyServer(t);
  const runtime = '/dist/docsift-relaxed.wasm';
  const manifest = '/models/manifest.json';

  /**
   * @param {string} file
   * @param {keyof typeof FAULTS} name
   * @param {string} code
   * @param {number} attempts
   */
  const reported = (file, name, code, attempts) =>
    t.test(`${path.posix.basename(file)}, ${name}: reported, and not kept`, async (t) => {
      await emptyCaches(page);
      setFault(file, Number.POSITIVE_INFINITY, FAULTS[name]);
      // The default model: only it is looked up in the manifest.
      const { error } = await loadSmall(page, file === manifest ? { model: undefined } : {});
      t.diagnostic(`${error?.code}: ${error?.message}`);
      assert.equal(error?.code, code);
      assert.equal(requests(file), attempts);
      const kept = await cacheContents(page);
      assert.deepEqual(
        kept.filter(({ url }) => new URL(url).pathname === file),
        [],
      );
    });

  await reported(runtime, 'a short body', 'integrity', ATTEMPTS);
  await reported(runtime, 'other bytes of the same length', 'integrity', ATTEMPTS);
  await reported(runtime, 'status 404', 'download_failed', 1);
  await t.test('a runtime that arrives at the second attempt is used', async () => {
    await emptyCaches(page);
    setFault(runtime, 1, FAULTS['other bytes of the same length']);
    assert.deepEqual(await loadSmall(page), { value: 128 });
    assert.equal(requests(runtime), 2);
  });
  // Last: where there is no manifest, a runtime is still on its way when that is known.
  await reported(manifest, 'an HTML page', 'invalid_manifest', ATTEMPTS);
  await reported(manifest, 'status 404', 'download_failed', 1);
});

test('where there is no room in the cache, the bytes are used uncached', async (t) => {
  const { page, site } = await openPackage(t);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Storage.overrideQuotaForOrigin', {
    origin: new URL(site.url).origin,
    quotaSize: 100_000,
  });
  assert.deepEqual(await loadSmall(page), { value: 128 });
  assert.deepEqual(weightsIn(await cacheContents(page)), []);
});

test('with `cache: false` nothing is kept', async (t) => {
  const { page } = await openPackage(t);
  assert.deepEqual(await loadSmall(page, { cache: false }), { value: 128 });
  assert.deepEqual(await cacheContents(page), []);
  assert.deepEqual(await loadSmall(page, { cache: true }), { value: 128 });
  assert.equal(weightsIn(await cacheContents(page)).length, 1);
});

test('where the page has no Cache API, the bytes are used uncached', async (t) => {
  const { page } = await openPackage(t, {
    // Any host but localhost is insecure without HTTPS, and has neither a Cache API nor a hash function.
    host: 'docsift.test',
    flags: ['--host-resolver-rules=MAP docsift.test localhost, MAP * ~NOTFOUND, EXCLUDE localhost'],
  });
  assert.deepEqual(await page.evaluate(() => [typeof caches, typeof crypto.subtle]), [
    'undefined',
    'undefined',
  ]);
  assert.deepEqual(await loadSmall(page), { value: 128 });
});
