/**
 * A search on a network that fails: every file of a deployed folder, every fault. Whatever happens, words (or at least
 * titles) answer, every promise settles, and no bad byte is used or kept.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { startSite } from './harness.mjs';
import {
  attemptsAt,
  cutAt,
  drip,
  FAULTS,
  LOGGED,
  misbehave,
  PASSING_FAULTS,
  redirectTo,
} from './support/faults.mjs';
import { cacheContents, emptyCaches, openPackage } from './support/package.mjs';
import { makeSmallSite } from './support/small-site.mjs';

/** What never settles fails its test; a busy machine does not. */
const BOUND_MS = 60_000;
const LIMIT = { timeout: 600_000 };
const ALWAYS = Number.POSITIVE_INFINITY;

const RUNTIME = '/docsift/docsift-relaxed.wasm';
const LEXICAL = '/docsift/docsift-lexical.wasm';
const MANIFEST = '/docsift/models/manifest.json';
const EMBEDDER = '/docsift/models/small-embedder.gguf';
const RERANKER = '/docsift/models/small-reranker.gguf';
const INDEX = '/docsift/index.json';
const FILES = [RUNTIME, LEXICAL, MANIFEST, EMBEDDER, RERANKER];

/**
 * A page on a folder whose server misbehaves; `redirected` counts what arrives at another origin.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} [policy]
 */
async function openFaulty(t, policy) {
  const { folder, part, hashes } = await makeSmallSite(t);
  const server = misbehave((where) => path.join(folder, where.replace('/docsift/', '')));
  let redirected = 0;
  const elsewhere = await startSite(t, {
    folders: { '/docsift/': folder },
    intercept: (_request, response) => {
      redirected += 1;
      // Only docsift's own refusal, or the page's policy, keeps these bytes out.
      response.setHeader('Access-Control-Allow-Origin', '*');
      return false;
    },
  });
  const opened = await openPackage(t, {
    expected: [
      ...[LOGGED, /^console: .*Content Security Policy/, /^console: Fetch API cannot load/],
      // Told of for a redirect that is refused, too: whether it was made, the other origin's server knows.
      /^request to http:\/\/localhost:\d+\/docsift\//,
    ],
    server: { folders: { '/docsift/': folder }, intercept: server.intercept, policy },
  });
  const { page } = opened;
  page.setDefaultTimeout(BOUND_MS);
  await page.evaluate(setUpPage, BOUND_MS);
  return {
    ...{ ...server, page, site: opened.site, part: `/docsift/${part}` },
    elsewhere: (/** @type {string} */ file) => new URL(file, elsewhere.url).href,
    redirected: () => redirected,
    /** Whether everything that is kept is a file of the folder, byte for byte. */
    checkKept: async () => {
      for (const { url, sha256 } of await cacheContents(page)) assert.ok(hashes.has(sha256), `kept: ${url}`);
    },
  };
}

/** Runs in the page. */
async function setUpPage(bound) {
  const { createSearch } = await import('/docsift/docsift.js');
  const documents = [
    { id: 'hello', title: 'Hello', body: 'Say hello to the world.' },
    { id: 'bye', title: 'Goodbye', body: 'Say goodbye to the world, and hello to the next.' },
  ];
  const inTime = (promise) =>
    Promise.race([
      promise,
      new Promise((_resolve, reject) => setTimeout(() => reject(new Error('it hangs')), bound)),
    ]);
  const ask = async () => {
    const { hits, stage, reason } = await inTime(search.query('goodbye'));
    return { stage, best: hits.map(({ id }) => id).includes('bye'), code: reason?.code };
  };
  let search;
  let added;
  window.visit = {
    begin: async () => {
      search = await inTime(createSearch({ workers: 1 }));
      added = outcome(search.add(documents));
    },
    /** The first stage of a query, while whatever else is on its way. */
    first: async () => {
      for await (const { hits, stage } of search.stream('goodbye'))
        return { stage, best: hits.some(({ id }) => id === 'bye') };
    },
    end: async () => {
      await inTime(added);
      await inTime(search.ready());
      const { error } = await added;
      const last = await ask();
      search.close();
      return { ...last, added: error?.code };
    },
    /** Opens the deployed index. */
    open: () =>
      outcome(
        inTime(
          (async () => {
            const search = await createSearch({ index: '/docsift/index.json', workers: 1 });
            await search.ready();
            const { stage, hits, reason } = await search.query('add a plant');
            search.close();
            return { stage, found: hits.length > 0, code: reason?.code };
          })(),
        ),
      ),
  };
}

/** A whole visit: words are asked for at once, and everything when all has settled. */
async function visit(page) {
  await page.evaluate(() => window.visit.begin());
  assert.deepEqual(
    await page.evaluate(() => window.visit.first()),
    { stage: 'lexical', best: true },
    'words answer while files are on their way',
  );
  return page.evaluate(() => window.visit.end());
}

/** A file is asked for again, but not without end. */
function checkAttempts(requests, name) {
  const [least, most] = attemptsAt(name);
  assert.ok(least <= requests && requests <= most, `${requests} requests, expected ${least} to ${most}`);
}

/** Of every kind one: the others were tried on all files at once. */
const KINDS = [
  ...['a connection that breaks off', 'other bytes of the same length', 'an HTML page'],
  ...['status 503', 'status 404'],
];

const WHOLE = { stage: 'reranked', best: true, code: undefined, added: undefined };

test('a search whose files arrive at the second request', LIMIT, async (t) => {
  const { page, setFault, requests, ranges, checkKept } = await openFaulty(t);
  for (const [name, fault] of Object.entries(PASSING_FAULTS)) {
    await t.test(`${name}, for every file: answers by words, then recovers`, async () => {
      await emptyCaches(page);
      // A manifest with another byte may be one still; what it names is checked by its hash.
      setFault(
        FILES.filter((file) => file !== MANIFEST || name !== 'other bytes of the same length'),
        1,
        fault,
      );
      assert.deepEqual(await visit(page), WHOLE);
      for (const file of FILES.filter((file) => file !== MANIFEST)) assert.equal(requests(file), 2, file);
      await checkKept();
    });
  }

  for (let tenth = 0; tenth < 10; tenth += 1) {
    await t.test(`every file cut at ${tenth * 10} %: answers by words, then recovers`, async () => {
      await emptyCaches(page);
      setFault(FILES, 1, cutAt(tenth / 10));
      assert.deepEqual(await visit(page), WHOLE);
      for (const file of FILES) assert.equal(requests(file), 2, file);
      await checkKept();
    });
  }

  await t.test('no part of a file is ever asked for: a server may ignore ranges', () => {
    assert.equal(ranges(), 0);
  });
});

test('a search without one of its files', LIMIT, async (t) => {
  const { page, setFault, requests, checkKept } = await openFaulty(t);
  const left = {
    [RUNTIME]: 'lexical',
    [LEXICAL]: 'reranked',
    [MANIFEST]: 'lexical',
    [EMBEDDER]: 'lexical',
    [RERANKER]: 'hybrid',
  };
  for (const [file, stage] of Object.entries(left)) {
    for (const name of KINDS) {
      if (file === MANIFEST && name === 'other bytes of the same length') continue;
      await t.test(`${path.posix.basename(file)}, ${name}: ${stage}`, async () => {
        await emptyCaches(page);
        setFault(file, ALWAYS, FAULTS[name]);
        const found = await visit(page);
        assert.deepEqual({ stage: found.stage, best: found.best }, { stage, best: true });
        const codes = ['download_failed', 'integrity', 'invalid_manifest'];
        if (stage !== 'reranked') assert.ok(codes.includes(found.code), found.code);
        checkAttempts(requests(file), name);
        await checkKept();
      });
    }
  }
});

test('a slow network', LIMIT, async (t) => {
  const { page, setFault, checkKept } = await openFaulty(t);
  for (const file of [EMBEDDER, RERANKER]) {
    await t.test(`${path.posix.basename(file)} drips: words answer meanwhile`, async () => {
      await emptyCaches(page);
      const dripping = drip(20);
      setFault(file, 1, dripping.fault);
      await page.evaluate(() => window.visit.begin());
      for (let piece = 0; piece < 10; piece += 1) {
        const first = await page.evaluate(() => window.visit.first());
        assert.deepEqual(first, { stage: 'lexical', best: true });
        dripping.next();
      }
      dripping.finish();
      assert.deepEqual(await page.evaluate(() => window.visit.end()), WHOLE);
      await checkKept();
    });
  }
});

test('a deployed index', LIMIT, async (t) => {
  const { page, setFault, requests, checkKept, part } = await openFaulty(t);
  const whole = { value: { stage: 'reranked', found: true, code: undefined } };
  for (const [name, fault] of Object.entries(PASSING_FAULTS)) {
    await t.test(`${name}, then the files: opened`, async () => {
      await emptyCaches(page);
      setFault(name === 'other bytes of the same length' ? part : [INDEX, part], 1, fault);
      assert.deepEqual(await page.evaluate(() => window.visit.open()), whole);
      assert.equal(requests(part), 2);
      await checkKept();
    });
  }
  for (const file of [INDEX, part]) {
    for (const name of KINDS) {
      if (file === INDEX && name === 'other bytes of the same length') continue;
      await t.test(`${path.posix.extname(file)}, ${name}: refused, and not kept`, async () => {
        await emptyCaches(page);
        setFault(file, ALWAYS, FAULTS[name]);
        const { error } = await page.evaluate(() => window.visit.open());
        assert.ok(['download_failed', 'integrity', 'invalid_index'].includes(error?.code), error?.code);
        checkAttempts(requests(file), name);
        await checkKept();
      });
    }
  }
});

test('a redirect to another origin is not followed, whatever the policy', LIMIT, async (t) => {
  // No policy at all: nothing but docsift keeps the request from leaving.
  const { page, setFault, requests, elsewhere, redirected, checkKept, part } = await openFaulty(t, '');
  for (const [file, stage] of Object.entries({
    ...{ [RUNTIME]: 'lexical', [MANIFEST]: 'lexical', [LEXICAL]: 'reranked' },
    ...{ [EMBEDDER]: 'lexical', [RERANKER]: 'hybrid' },
  })) {
    await t.test(`${path.posix.basename(file)}: ${stage}`, async () => {
      await emptyCaches(page);
      setFault(file, ALWAYS, redirectTo(elsewhere(file)));
      const found = await visit(page);
      assert.equal(found.stage, stage);
      if (stage !== 'reranked') assert.equal(found.code, 'download_failed');
      assert.equal(requests(file), 1, 'it is not asked for again');
      await checkKept();
    });
  }
  for (const file of [INDEX, part]) {
    await t.test(`${path.posix.extname(file)} of an index: refused`, async () => {
      await emptyCaches(page);
      setFault(file, ALWAYS, redirectTo(elsewhere(file)));
      const { error } = await page.evaluate(() => window.visit.open());
      assert.equal(error?.code, 'download_failed');
      assert.match(error.message, /redirects to another address/);
      assert.equal(requests(file), 1);
    });
  }
  assert.equal(redirected(), 0, 'no request has left the origin');
});

test('a redirect of a model within the origin is not followed, and said to be one', LIMIT, async (t) => {
  const { page, setFault, requests } = await openFaulty(t);
  setFault(EMBEDDER, ALWAYS, redirectTo(RERANKER));
  const { error } = await page.evaluate(
    (weights) => outcome(docsift.loadEmbedder({ model: { weights }, workers: 1 })),
    EMBEDDER,
  );
  assert.equal(error?.code, 'download_failed');
  assert.match(error.message, /small-embedder\.gguf: .*redirects to another address/);
  assert.deepEqual([requests(EMBEDDER), requests(RERANKER)], [1, 0]);
});

test('a server that is gone: titles answer, and every promise settles', LIMIT, async (t) => {
  const { page, site } = await openFaulty(t);
  await emptyCaches(page);
  await site.close();
  const found = await visit(page);
  assert.deepEqual({ stage: found.stage, best: found.best }, { stage: 'lexical', best: true });
  assert.ok(['download_failed', 'worker_failed'].includes(found.code), found.code);
});
