/** Devices that run out of memory, have one core, hide the tab or fall asleep: every promise settles, and nothing is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeProfile } from './harness.mjs';
import { drip } from './support/faults.mjs';
import { openPackage, SMALL_EMBEDDER, SMALL_RERANKER, watchWorkers } from './support/package.mjs';
import { pause, processesOf } from './support/processes.mjs';
import { openVisits, visit, WHOLE } from './support/visits.mjs';

const LIMIT = { timeout: 300_000 };
const MODELS = { embedder: { weights: SMALL_EMBEDDER }, reranker: { weights: SMALL_RERANKER } };
const DOCUMENTS = Array.from({ length: 60 }, (_, i) => {
  return { id: `${i}`, title: `Article ${i}`, body: `Where the world says hello for the ${i}th time.` };
});
/** What an engine says when it has no more memory. */
const OUT_OF_MEMORY = [/^console: .*(memory|panicked|alloc)/];

/**
 * Starts a search over the documents with the small models.
 *
 * @param {import('playwright-core').Page} page
 * @param {object} [options]
 */
const start = async (page, options = {}) => {
  page.setDefaultTimeout(60_000);
  await page.evaluate(
    async ([options, documents]) => {
      window.ask = async (text, options) => {
        const { stage, hits, counts, reason } = await search.query(text, options);
        return { stage, ids: hits.map(({ id }) => id), reranked: counts.reranked, code: reason?.code };
      };
      window.search = await docsift.createSearch({ workers: 1, cacheScores: false, ...options });
      await search.add(documents);
      await search.ready();
    },
    [{ models: MODELS, ...options }, DOCUMENTS],
  );
};
const ask = (page, text = 'hello', options = {}) =>
  page.evaluate(([text, options]) => window.ask(text, options), [text, options]);

test('no memory left in mid-query', LIMIT, async (t) => {
  await t.test('once: the query is answered in full by the worker that takes its place', async (t) => {
    const { page } = await openPackage(t, { expected: OUT_OF_MEMORY });
    await start(page);
    const before = await ask(page);
    assert.deepEqual([before.stage, before.reranked], ['reranked', 50]);
    await page.evaluate(() => search.close());

    await watchWorkers(page);
    await start(page, { workerUrl: '/pages/failing-worker.js' });
    await Promise.all(page.workers().map((worker) => worker.evaluate(() => self.starve())));
    assert.deepEqual(await ask(page), before);
    const inits = await page.evaluate(() => requests.filter(({ call }) => call === 'init').length);
    assert.ok(inits > 2, 'a worker was replaced');
    assert.equal((await page.evaluate(() => search.stats())).documents, DOCUMENTS.length);
  });

  await t.test('while documents are added: the worker that takes its place adds them', async (t) => {
    const { page } = await openPackage(t, { expected: OUT_OF_MEMORY });
    await page.evaluate(async (documents) => {
      window.search = await docsift.createSearch({
        models: { embedder: false },
        workerUrl: '/pages/failing-worker.js',
      });
      await search.add(documents);
    }, DOCUMENTS);
    const [worker] = page.workers();
    await worker.evaluate(() => self.starve());
    const ids = await page.evaluate(async () => {
      await search.add([{ id: 'long', title: 'Zebra', body: 'All about zebras. '.repeat(100_000) }]);
      const found = await Promise.all(['zebra', 'article 7'].map((text) => search.query(text)));
      return found.map(({ hits }) => hits[0].id);
    });
    assert.deepEqual(ids, ['long', '7']);
    assert.notEqual(page.workers()[0], worker);
  });

  await t.test('whenever passages are scored: answered by the stage before', async (t) => {
    const { page } = await openPackage(t, { expected: OUT_OF_MEMORY });
    const { found, stats } = await page.evaluate(
      async ([models, documents]) => {
        const search = await docsift.createSearch({
          ...{ models, workers: 1 },
          workerUrl: '/pages/failing-worker.js?starve=score',
        });
        await search.add(documents);
        await search.ready();
        const { stage, hits, reason } = await search.query('hello');
        const { documents: count } = await search.stats();
        search.close();
        return { found: { stage, some: hits.length > 0, code: reason?.code }, stats: count };
      },
      [MODELS, DOCUMENTS],
    );
    assert.deepEqual(found, { stage: 'hybrid', some: true, code: 'worker_crashed' });
    assert.equal(stats, DOCUMENTS.length);
  });
});

test('one core: one worker, and all that the others can', LIMIT, async (t) => {
  const { page } = await openPackage(t);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setHardwareConcurrencyOverride', { hardwareConcurrency: 1 });
  await start(page, { workers: undefined });
  const { stage, reranked } = await ask(page);
  assert.deepEqual([stage, reranked], ['reranked', 50]);
  assert.equal((await page.evaluate(() => search.stats())).memoryBytes.length, 1);
});

test('50 queries at once, none given up: all are answered, each as if it were alone', LIMIT, async (t) => {
  const { page } = await openPackage(t);
  await start(page, { workers: 2 });
  const { together, alone } = await page.evaluate(async () => {
    const texts = Array.from({ length: 50 }, (_, i) => `hello for the ${i}th time`);
    const together = await Promise.all(texts.map((text) => ask(text)));
    const alone = [];
    for (const text of texts) alone.push(await ask(text));
    return { together, alone };
  });
  assert.deepEqual(together, alone);
  assert.ok(together.every(({ stage }) => stage === 'reranked'));
});

test('a tab that is hidden, frozen or left', LIMIT, async (t) => {
  const { page, context } = await openPackage(t, { untouched: true });
  await start(page);
  const before = await ask(page);
  const other = await context.newPage();
  const devtools = await context.newCDPSession(page);
  /** What has happened to the page since this was last asked. */
  const told = () => page.evaluate(() => window.told.splice(0));
  await page.evaluate(() => {
    window.told = [];
    for (const type of ['freeze', 'resume']) document.addEventListener(type, () => told.push(type));
    document.addEventListener('visibilitychange', () => told.push(document.visibilityState));
    window.addEventListener('pageshow', ({ persisted }) => told.push(persisted ? 'kept' : 'loaded'));
    window.askSome = () => {
      window.asked = Promise.all([ask('hello'), ask('hello'), ask('hello')]);
    };
  });
  const asked = () => page.evaluate(() => window.asked);
  await page.bringToFront();
  await told();

  await t.test('hidden: it is searched, added to and saved', async () => {
    await other.bringToFront();
    assert.deepEqual(await told(), ['hidden']);
    assert.deepEqual(await ask(page), before);
    await page.evaluate(async () => {
      await search.add([{ id: 'new', title: 'Zebra', body: 'About zebras.' }]);
      await search.save('hidden');
      await search.remove(['new']);
    });
    assert.deepEqual(await page.evaluate(() => docsift.listIndexes()), ['hidden']);
    await page.bringToFront();
    assert.deepEqual(await told(), ['visible']);
    assert.deepEqual(await ask(page), before);
  });

  await t.test('hidden and shown in mid-query', async () => {
    await page.evaluate(() => askSome());
    await other.bringToFront();
    await page.bringToFront();
    assert.deepEqual(await asked(), [before, before, before]);
    assert.deepEqual(await told(), ['hidden', 'visible']);
  });

  await t.test('frozen in mid-query: it goes on where it was', async () => {
    await other.bringToFront();
    await page.evaluate(() => askSome());
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
    await pause(1000);
    await devtools.send('Page.setWebLifecycleState', { state: 'active' });
    await page.bringToFront();
    assert.deepEqual(await asked(), [before, before, before]);
    assert.deepEqual(await told(), ['hidden', 'freeze', 'resume', 'visible']);
  });

  await t.test('left in mid-query, and come back to: the browser has kept it, and it goes on', async () => {
    await page.evaluate(() => askSome());
    await page.goto(`${page.url()}?another`);
    await pause(1000);
    await page.goBack({ waitUntil: 'commit' });
    assert.deepEqual(await asked(), [before, before, before]);
    assert.ok((await told()).includes('kept'));
    assert.deepEqual(await ask(page), before);
  });
});

test('a device that falls asleep', LIMIT, async (t) => {
  await t.test('every process of the browser stops, in mid-query and in mid-download', async (t) => {
    const profile = await makeProfile(t);
    const { page, setFault, requests, files, kept } = await openVisits(t, { profile });
    // For the waking browser, the network has said nothing for longer than it is waited for.
    const dripping = drip(2);
    setFault(files.reranker, 1, dripping.fault);
    const visiting = visit(page, { workerUrl: '/pages/failing-worker.js?hurry=30' });
    while (requests(files.reranker) === 0) await pause(10);
    const processes = processesOf(profile);
    assert.ok(processes.length > 2, `${processes.length} processes`);
    for (const id of processes) process.kill(id, 'SIGSTOP');
    await pause(2000);
    for (const id of processes.toReversed()) process.kill(id, 'SIGCONT');
    assert.deepEqual(await visiting, { value: WHOLE });
    dripping.finish();
    assert.deepEqual((await kept()).bad, []);
  });
});
