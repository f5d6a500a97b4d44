/** Two tabs at once: they download a file once, and neither spoils, nor waits for ever for, what the other does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS, lateBy, silent } from './support/faults.mjs';
import { openVisits, visit, WHOLE } from './support/visits.mjs';

const LIMIT = { timeout: 300_000 };
/** Its worker waits only 0.3 s for a word of the network. */
const IMPATIENT = { workerUrl: '/pages/failing-worker.js?hurry=100' };

/** @param {() => boolean} isSo */
async function until(isSo) {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('two tabs that download', LIMIT, async (t) => {
  const { page, requests, setFault, files, kept, openTab } = await openVisits(t);
  const empty = () =>
    page.evaluate(async () => {
      for (const name of await caches.keys()) await caches.delete(name);
    });

  await t.test('every file is asked for once, and both search whole', async () => {
    const other = await openTab();
    // Late enough that both want it before it is there.
    setFault(Object.values(files), Number.POSITIVE_INFINITY, lateBy(300));
    assert.deepEqual(await Promise.all([visit(page), visit(other)]), [{ value: WHOLE }, { value: WHOLE }]);
    // These change, and each tab asks whether they have.
    const { index, manifest, ...named } = files;
    for (const file of Object.values(named)) assert.equal(requests(file), 1, file);
    assert.deepEqual(await kept(), { paths: Object.values(files).sort(), bad: [] });
    await other.close();
  });

  await t.test('two searches of one tab, too', async () => {
    await empty();
    setFault(Object.values(files), Number.POSITIVE_INFINITY, lateBy(300));
    assert.deepEqual(await Promise.all([visit(page), visit(page)]), [{ value: WHOLE }, { value: WHOLE }]);
    const { index, manifest, ...named } = files;
    for (const file of Object.values(named)) assert.equal(requests(file), 1, file);
  });

  for (const name of /** @type {const} */ (['embedder', 'runtime', 'lexical'])) {
    await t.test(`${name}: a tab that is closed in mid-download leaves it to the other`, async () => {
      await empty();
      const first = await openTab();
      setFault(files[name], 1, silent);
      visit(first).catch(() => {});
      await until(() => requests(files[name]) === 1);
      const second = visit(page);
      await first.close();
      assert.deepEqual(await second, { value: WHOLE });
      assert.equal(requests(files[name]), 2);
    });
  }

  await t.test('a tab whose download hangs gives it up, and the other has it', async () => {
    await empty();
    const first = await openTab();
    setFault(files.embedder, 1, silent);
    const hanging = visit(first, IMPATIENT);
    await until(() => requests(files.embedder) === 1);
    assert.deepEqual(await visit(page), { value: WHOLE });
    assert.deepEqual(await hanging, { value: WHOLE });
    assert.equal(requests(files.embedder), 2);
    await first.close();
  });

  await t.test('where one has no luck, the other tries for itself', async () => {
    await empty();
    const other = await openTab();
    // All that the first of them asks for.
    setFault(files.reranker, 3, FAULTS['status 500']);
    const both = await Promise.all([visit(page), visit(other)]);
    assert.deepEqual(both.map(({ value }) => value.stage).sort(), ['hybrid', 'reranked']);
    assert.equal(requests(files.reranker), 4);
    await other.close();
  });
});

test('two tabs that index and save', LIMIT, async (t) => {
  const { page, openTab } = await openVisits(t);
  const other = await openTab();
  /** Adds documents and saves them, some rounds in a row. */
  const saveOften = (/** @type {import('playwright-core').Page} */ tab, /** @type {string} */ word) =>
    tab.evaluate(async (word) => {
      const search = await collection(word, 20);
      for (let round = 0; round < 8; round += 1) {
        await search.add([{ id: `${word}-more-${round}`, title: `More about ${word}`, body: 'More of it.' }]);
        await search.save('both');
        await search.save(word);
      }
      search.close();
    }, word);

  await t.test('under one name: it is whole, and of the one that saved last', async () => {
    await Promise.all([saveOften(page, 'apple'), saveOften(other, 'pear')]);
    for (const tab of [page, other]) {
      const { words, ...both } = await tab.evaluate(() => restored('both'));
      assert.deepEqual(both, { documents: 28, missing: 0, stage: 'hybrid' });
      assert.equal(words.length, 1);
    }
  });

  await t.test('under names of their own: both are there', async () => {
    const names = await page.evaluate(() => docsift.listIndexes());
    assert.deepEqual(names, ['apple', 'both', 'pear']);
    for (const word of ['apple', 'pear']) {
      const found = await page.evaluate((word) => restored(word), word);
      assert.deepEqual(found, { documents: 28, missing: 0, words: [word], stage: 'hybrid' });
    }
  });

  await t.test(
    'a tab that is closed while it saves: the index is the old one or the new one, whole',
    async (t) => {
      const ends = [];
      for (const ms of [0, 1, 2, 5, 10, 20, 50]) {
        const tab = await openTab();
        await tab.evaluate(async () => {
          window.search = await collection('plum', 60);
        });
        await tab.evaluate((ms) => {
          setTimeout(() => void search.save('both'), 20 - Math.min(ms, 20));
          return new Promise((resolve) => setTimeout(resolve, 20));
        }, ms);
        await tab.close();
        const { words, documents, missing } = await page.evaluate(() => inTime(restored('both')));
        ends.push(words[0]);
        assert.equal(words.length, 1);
        assert.deepEqual({ documents, missing }, { documents: words[0] === 'plum' ? 60 : 28, missing: 0 });
        // No turn is left taken.
        await page.evaluate(async () => {
          const search = await collection('apple', 28);
          await inTime(search.save('both'));
          search.close();
        });
      }
      t.diagnostic(`the index was ${ends.join(', ')}`);
    },
  );

  await t.test('deleted by one while the other saves: it is there whole, or not at all', async () => {
    const [saved, deleted] = await Promise.all([
      saveOften(page, 'apple').then(() => true),
      other.evaluate(async () => {
        for (let i = 0; i < 30; i += 1) await docsift.deleteIndex('both');
        return true;
      }),
    ]);
    assert.ok(saved && deleted);
    const left = await page.evaluate(() => outcome(restored('both')));
    if (left.error) assert.equal(left.error.code, 'index_not_found');
    else assert.deepEqual(left.value.words, ['apple']);
  });
});
