/** Storage that is refused, full, emptied, damaged or of another version: search goes on, and no bad byte is used or kept. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { FAULTS } from './support/faults.mjs';
import { openVisits, visit, WHOLE } from './support/visits.mjs';

const LIMIT = { timeout: 600_000 };
const ALWAYS = Number.POSITIVE_INFINITY;
const OFFLINE = FAULTS['a connection that is closed'];

/** The page's origin as the browser accounts for it. */
async function storageOf(/** @type {import('playwright-core').Page} */ page) {
  const devtools = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  const used = () => page.evaluate(async () => (await navigator.storage.estimate()).usage);
  return {
    used,
    /** Gives it so much room; without a number, what it had. */
    setRoom: (/** @type {number | undefined} */ quotaSize = undefined) =>
      devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize }),
    /** Deletes all, and waits until the room is free again. */
    clear: async () => {
      await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
      while ((await used()) > 50_000) await new Promise((resolve) => setTimeout(resolve, 50));
    },
  };
}

/** Changes what is kept of a file, or drops it. @param {'gone' | 'cut' | 'flipped'} how */
const damage = (page, file, how) =>
  page.evaluate(
    async ([file, how]) => {
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const { url } of await cache.keys()) {
          if (new URL(url).pathname !== file) continue;
          const bytes = new Uint8Array(await (await cache.match(url)).arrayBuffer());
          bytes[bytes.length >> 1] ^= 1;
          const bodies = {
            cut: bytes.subarray(1),
            flipped: bytes,
            text: '<!doctype html><title>Login</title>',
          };
          if (how === 'gone') await cache.delete(url);
          else await cache.put(url, new Response(bodies[how]));
          return true;
        }
      }
      return false;
    },
    [file, how],
  );

test('a browser that refuses its caches: all is used uncached', LIMIT, async (t) => {
  const { page, requests, setFault, files, kept, reload } = await openVisits(t);
  const options = { workerUrl: '/pages/failing-worker.js?refuse=caches' };
  for (const how of ['at every use, as in some private windows', 'altogether, as in a sandboxed frame']) {
    await t.test(how, async () => {
      await page.evaluate((altogether) => {
        const refuse = () => {
          throw new DOMException('refused by the test', 'SecurityError');
        };
        if (altogether) Object.defineProperty(window, 'caches', { get: refuse, configurable: true });
        else window.caches.open = async () => refuse();
      }, how.startsWith('altogether'));
      for (let visits = 1; visits <= 2; visits += 1) {
        setFault([], 0, OFFLINE);
        assert.deepEqual(await visit(page, options), { value: WHOLE });
        assert.equal(requests(files.embedder), 1);
        assert.equal(requests(files.lexical), 1);
      }
      await reload();
      assert.deepEqual((await kept()).paths, []);
    });
  }
});

test(
  'a browser that refuses IndexedDB: search goes on, and saving is told to be impossible',
  LIMIT,
  async (t) => {
    const { page } = await openVisits(t);
    const { stage, codes } = await page.evaluate(async () => {
      const search = await collection('apple', 3);
      IDBFactory.prototype.open = () => {
        throw new DOMException('refused by the test', 'SecurityError');
      };
      const refused = [
        search.save('mine'),
        docsift.listIndexes(),
        docsift.deleteIndex('mine'),
        docsift.createSearch({ restore: 'mine' }),
      ];
      const codes = (await Promise.all(refused.map(outcome))).map(({ error }) => error?.code);
      const { stage } = await search.query('apple');
      search.close();
      return { stage, codes };
    });
    assert.deepEqual(codes, Array(4).fill('storage_unavailable'));
    assert.equal(stage, 'hybrid');
  },
);

test('no room in the middle of keeping', LIMIT, async (t) => {
  const { page, requests, setFault, files, kept, reload } = await openVisits(t);
  const { used, setRoom, clear } = await storageOf(page);
  assert.deepEqual(await visit(page), { value: WHOLE });
  const all = (await kept()).paths;
  assert.equal(all.length, Object.keys(files).length);
  const whole = await used();

  let partly = 0;
  for (const share of [0.1, 0.3, 0.5, 0.7, 0.9]) {
    await t.test(`room for ${share * 100} %: searched whole, and what is kept is whole`, async (t) => {
      await clear();
      await setRoom(Math.round(whole * share));
      assert.deepEqual(await visit(page), { value: WHOLE });
      const { paths, bad } = await kept();
      t.diagnostic(`${paths.length} of ${all.length} files were kept`);
      assert.deepEqual(bad, []);
      if (paths.length > 0 && paths.length < all.length) partly += 1;
      const opens = [files.documents, files.lexical, files.vectors].every((file) => paths.includes(file));
      assert.ok(opens || !paths.includes(files.index), 'no index is named that is not there');

      await setRoom();
      await reload();
      setFault([], 0, OFFLINE);
      assert.deepEqual(await visit(page), { value: WHOLE });
      const changing = [files.index, files.manifest];
      for (const file of all.filter((file) => !changing.includes(file)))
        assert.equal(requests(file), paths.includes(file) ? 0 : 1, `what is missing is fetched: ${file}`);
      assert.deepEqual(await kept(), { paths: all, bad: [] });
    });
  }
  assert.ok(partly > 0, 'some files were kept and some were not');
});

test('no room for an index that is saved: the earlier one stays', LIMIT, async (t) => {
  const { page } = await openVisits(t);
  const { used, setRoom } = await storageOf(page);
  await page.evaluate(async () => {
    window.search = await collection('apple', 20);
  });
  // Set before the first is saved, since the browser goes by what it knew for a while.
  await setRoom((await used()) + 100_000);
  await page.evaluate(() => search.save('mine'));
  const before = await page.evaluate(() => restored('mine'));
  assert.deepEqual(before, { documents: 20, missing: 0, words: ['apple'], stage: 'hybrid' });
  const { saved, stage } = await page.evaluate(async () => {
    // Words that a database cannot compress.
    const words = Array.from({ length: 30_000 }, (_, i) => ((i * 2654435761) % 2 ** 32).toString(36));
    await search.add([{ id: 'pear', title: 'Pears', body: words.join(' ') }]);
    const saved = await outcome(search.save('mine'));
    return { saved, stage: (await search.query('pears')).stage };
  });
  assert.equal(saved.error?.code, 'storage_unavailable');
  assert.equal(stage, 'hybrid', 'search goes on');
  assert.deepEqual(await page.evaluate(() => restored('mine')), before);
  await setRoom();
  await page.evaluate(() => search.save('mine'));
  assert.equal((await page.evaluate(() => restored('mine'))).documents, 21);
});

test('what is kept, but for one file', LIMIT, async (t) => {
  const { page, requests, setFault, files, kept, reload } = await openVisits(t);
  assert.deepEqual(await visit(page), { value: WHOLE });
  const all = (await kept()).paths;
  // Asked for at every visit.
  const changing = [files.index, files.manifest];

  for (const how of ['gone', 'cut', 'flipped']) {
    for (const [name, file] of Object.entries(files)) {
      if (changing.includes(file) && how === 'flipped') continue;
      await t.test(`${name}, ${how}: fetched again, and nothing else`, async () => {
        assert.ok(await damage(page, file, how));
        await reload();
        setFault([], 0, OFFLINE);
        assert.deepEqual(await visit(page), { value: WHOLE });
        for (const each of all.filter((each) => !changing.includes(each)))
          assert.equal(requests(each), each === file ? 1 : 0, each);
        assert.deepEqual(await kept(), { paths: all, bad: [] });
      });
    }
  }

  /** What is left of it without a network. */
  const left = {
    ...{ index: 'download_failed', documents: 'download_failed', lexical: 'download_failed' },
    ...{ vectors: 'lexical', runtime: 'lexical', manifest: 'lexical', embedder: 'lexical' },
    ...{ texts: 'hybrid', reranker: 'hybrid', words: 'reranked' },
  };
  for (const [name, stage] of Object.entries(left)) {
    await t.test(`${name}, gone while the network is off: ${stage}`, async () => {
      assert.ok(await damage(page, files[name], 'gone'));
      await reload();
      setFault(Object.values(files), ALWAYS, OFFLINE);
      const { value, error } = await visit(page);
      assert.equal(value?.stage ?? error?.code, stage);
      if (value && stage !== 'reranked') assert.equal(value.code, 'download_failed');
      setFault([], 0, OFFLINE);
      assert.deepEqual(await visit(page), { value: WHOLE }, 'and whole again with the network');
      assert.deepEqual(await kept(), { paths: all, bad: [] });
    });
  }
});

test('what another version has kept', LIMIT, async (t) => {
  const { page, requests, setFault, files, kept } = await openVisits(t);
  const lost = (/** @type {string} */ kind) => `/docsift/${kind}.${'f'.repeat(16)}.bin`;
  await page.evaluate(
    async ([entries]) => {
      for (const [name, url, body] of entries) await (await caches.open(name)).put(url, new Response(body));
    },
    [
      [
        ['docsift-runtime', `${files.runtime}?sha256=${'0'.repeat(64)}`, 'engine'],
        ['docsift-runtime', `${files.words}?sha256=${'0'.repeat(64)}`, 'engine'],
        ['docsift-files-v1', `${files.embedder}?docsift=0.${'0'.repeat(64)}`, 'weights'],
        ['docsift-files-v1', `${files.reranker}?docsift=0.${'0'.repeat(64)}`, 'weights'],
        ['docsift-manifest', files.manifest, '{"version":2}'],
        ['docsift-manifest', files.index, '{"format":"docsift-index","version":3}'],
        ['docsift-index', lost('lexical'), 'words'],
        ['docsift-index', lost('vectors'), 'vectors'],
        ['docsift-index', `/other${lost('lexical')}`, 'of another index'],
        ['of-the-page', '/page.css', 'of the page'],
      ],
    ],
  );
  await t.test('is not used, also while the network is off', async () => {
    setFault(Object.values(files), ALWAYS, OFFLINE);
    const { error } = await visit(page);
    assert.equal(error?.code, 'download_failed');
  });
  await t.test('is replaced; what is of another folder or of the page stays', async () => {
    setFault([], 0, OFFLINE);
    assert.deepEqual(await visit(page), { value: WHOLE });
    assert.equal(requests(files.embedder), 1);
    const { paths, bad } = await kept();
    const others = [`/other${lost('lexical')}`, '/page.css'];
    assert.deepEqual(paths, [...Object.values(files), ...others].sort());
    assert.deepEqual(bad.map((url) => new URL(url).pathname).sort(), others.sort());
  });
});

test('saved indexes of another version, or damaged', LIMIT, async (t) => {
  const { page, reload } = await openVisits(t);
  /** Changes one byte of a saved index, or its whole entry. */
  const change = (/** @type {object} */ how) =>
    page.evaluate(async (how) => {
      const asked = (request) =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const database = await asked(indexedDB.open('docsift'));
      const store = database.transaction('indexes', 'readwrite').objectStore('indexes');
      const saved = await asked(store.get('mine'));
      const bytes = new Uint8Array(saved.bytes);
      if (how.byte !== undefined) bytes[how.byte] ^= 0x40;
      const changed = { ...saved, bytes: bytes.slice(0, bytes.length - (how.cut ?? 0)).buffer, ...how.entry };
      await asked(store.put(changed, 'mine'));
      database.close();
    }, how);
  const whole = { documents: 5, missing: 0, words: ['apple'], stage: 'hybrid' };
  for (const [name, how] of Object.entries({
    'another version': { byte: 8 },
    'another format': { byte: 0 },
    'a byte that has changed': { byte: 400 },
    'its end missing': { cut: 10 },
    'vectors of another embedder': { entry: { fingerprint: '0123456789abcdef' } },
    'a model that is no longer there': { entry: { modelKey: 'another' } },
    'no bytes at all': { entry: { bytes: undefined } },
  })) {
    await t.test(`${name}: refused, the others stay, and it is saved anew`, async (t) => {
      await page.evaluate(async () => {
        window.search?.close();
        window.search = await collection('apple', 5);
        await search.save('mine');
        await search.save('other');
      });
      await change(how);
      const { error } = await page.evaluate(() => outcome(inTime(restored('mine'))));
      t.diagnostic(`${error?.code}: ${error?.message}`);
      assert.equal(error?.code, 'invalid_index');
      assert.deepEqual(await page.evaluate(() => restored('other')), whole);
      await page.evaluate(() => search.save('mine'));
      assert.deepEqual(await page.evaluate(() => restored('mine')), whole);
    });
  }

  await t.test('a database of a newer release: told, left as it is, and search goes on', async () => {
    const { codes, stage, left } = await page.evaluate(async () => {
      await new Promise((resolve, reject) => {
        const opening = indexedDB.open('docsift', 2);
        opening.onsuccess = () => resolve(opening.result.close());
        opening.onerror = () => reject(opening.error);
      });
      const tried = [search.save('mine'), docsift.createSearch({ restore: 'mine' }), docsift.listIndexes()];
      const codes = (await Promise.all(tried.map(outcome))).map(({ error }) => error?.code);
      const { stage } = await search.query('apple');
      const left = await new Promise((resolve) => {
        const opening = indexedDB.open('docsift', 2);
        opening.onsuccess = () => {
          const keys = opening.result.transaction('indexes').objectStore('indexes').getAllKeys();
          keys.onsuccess = () => resolve(keys.result);
        };
      });
      return { codes, stage, left };
    });
    assert.deepEqual(codes, Array(3).fill('storage_unavailable'));
    assert.equal(stage, 'hybrid');
    assert.deepEqual(left, ['mine', 'other']);
    await reload();
  });
});

test('site data cleared during use', LIMIT, async (t) => {
  const { page, requests, setFault, files, kept } = await openVisits(t);
  /** Has the server clear the origin's data, by the header with which a site logs a visitor out. */
  const clear = async () => {
    setFault(
      files.manifest,
      1,
      (response) => void response.writeHead(200, { 'Clear-Site-Data': '"cache", "storage"' }).end(),
    );
    await page.evaluate((url) => fetch(url), files.manifest);
    setFault([], 0, OFFLINE);
    assert.deepEqual((await kept()).paths, []);
  };
  await page.evaluate(async () => {
    window.search = await docsift.createSearch({ index: '/docsift/', workers: 1 });
    await search.ready();
    window.own = await collection('apple', 5);
    await own.save('mine');
  });
  const all = (await kept()).paths;
  assert.equal(all.length, Object.keys(files).length - 1, 'all but texts');
  await clear();

  await t.test('what is open goes on: it is searched, added to, saved and restored', async () => {
    const { found, lost, names, again } = await page.evaluate(async () => {
      const { stage, hits, reason } = await search.query('add a plant');
      const lost = await outcome(docsift.createSearch({ restore: 'mine' }));
      await own.add([{ id: 'apple-x', title: 'About apple x', body: 'One more apple.' }]);
      await own.save('again');
      const names = await docsift.listIndexes();
      return { found: { stage, hits: hits.length > 0, reason }, lost, names, again: await restored('again') };
    });
    assert.deepEqual(found, { stage: 'reranked', hits: true, reason: undefined });
    assert.equal(lost.error?.code, 'index_not_found');
    assert.deepEqual(names, ['again']);
    assert.deepEqual(again, { documents: 6, missing: 0, words: ['apple'], stage: 'hybrid' });
  });

  await t.test('the next visit downloads all of it again, and keeps it', async () => {
    await clear();
    assert.deepEqual(await visit(page), { value: WHOLE });
    assert.equal(requests(files.embedder), 1);
    assert.deepEqual(await kept(), { paths: Object.values(files).sort(), bad: [] });
  });

  for (const file of [files.embedder, files.lexical, files.runtime]) {
    await t.test(
      `while ${path.posix.basename(file).split('.')[0]} is on its way: nothing is lost`,
      async () => {
        await clear();
        /** @type {() => void} */
        let send = () => {};
        const asked = new Promise((resolve) => {
          setFault(file, 1, (response, bytes) => {
            response.writeHead(200, { 'Content-Length': bytes.length });
            response.write(bytes.subarray(0, 1000));
            send = () => void response.end(bytes.subarray(1000));
            resolve(undefined);
          });
        });
        const visiting = visit(page);
        // A visit that ends without it must not leave the test waiting.
        await Promise.race([
          asked,
          visiting.then((ended) => assert.fail(`not asked: ${JSON.stringify(ended)}`)),
        ]);
        const devtools = await page.context().newCDPSession(page);
        const { origin } = new URL(page.url());
        await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
        send();
        assert.deepEqual(await visiting, { value: WHOLE });
        assert.deepEqual((await kept()).bad, []);
        setFault([], 0, OFFLINE);
        assert.deepEqual(await visit(page), { value: WHOLE });
        assert.deepEqual(await kept(), { paths: Object.values(files).sort(), bad: [] });
      },
    );
  }
});
