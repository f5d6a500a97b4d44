/** Documents that come, change and go: afterwards a search answers as one that was given the last of them at once. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { embedPending, loadEngine } from '../../bench/lib/engine.mjs';
import { ROOT } from '../../scripts/steps.mjs';
import { openPackage, SMALL_EMBEDDER, SMALL_RERANKER } from '../browser/support/package.mjs';
import { SIZES } from './sizes.mjs';
import { answersTo, makeAll, makeChanges } from './support/changes.mjs';
import { watchMemory } from './support/memory.mjs';
import { writeSite } from './support/site.mjs';

const MODELS = { embedder: { weights: SMALL_EMBEDDER }, reranker: { weights: SMALL_RERANKER } };
/** What a document that is changed again and again carries, in characters. */
const LOAD = 200_000;
const CHANGES = 60;

/**
 * Before reranking, the texts of an opened index are fetched for the documents that are shown; of other candidates they may
 * be there or not.
 *
 * @param {{ candidates: { input: string, passage: { text: string } }[] }} whole
 * @param {typeof whole} found
 */
function withoutTextsToCome(whole, found) {
  const candidates = whole.candidates.map((candidate, i) => {
    if (found.candidates[i]?.input !== '') return candidate;
    return { ...candidate, input: '', passage: { ...candidate.passage, text: '' } };
  });
  return { ...whole, candidates };
}

const mega = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/**
 * Documents as `docsift index` would have deployed them, with the vectors that the small embedder gives.
 *
 * @param {import('node:test').TestContext} t
 * @param {object[]} documents
 */
async function deploy(t, documents) {
  const Engine = await loadEngine('simd128');
  const engine = new Engine();
  try {
    const weights = await readFile(path.join(ROOT, 'tests', SMALL_EMBEDDER));
    engine.createCollection(engine.loadEmbedder(weights, undefined, undefined, 'int8').fingerprint);
    engine.addDocuments(documents, false);
    embedPending(engine, (texts) => engine.embed(texts));
    return await writeSite(t, engine);
  } finally {
    engine.free();
  }
}

/** @param {import('node:test').TestContext} t @param {object[]} deployed */
async function openDeployed(t, deployed) {
  const { folder } = await deploy(t, deployed);
  const { page } = await openPackage(t, { server: { folders: { '/site/': folder } } });
  return {
    page,
    /** Starts a search in place of the one before. @param {object} [options] */
    start: (options = {}) =>
      page.evaluate(
        async (options) => {
          window.search?.close();
          window.search = await docsift.createSearch(options);
          await search.ready();
        },
        { models: MODELS, workers: 2, ...options },
      ),
    add: (/** @type {object[]} */ documents) =>
      page.evaluate((documents) => search.add(documents), documents),
    stats: () => page.evaluate(() => search.stats()),
  };
}

test(`${SIZES.rounds} rounds of changes`, { timeout: 3_600_000 }, async (t) => {
  const { first, rounds, last } = makeChanges(SIZES.documents, SIZES.rounds);
  t.diagnostic(
    `${rounds.flat().length} changes; ${first.length} documents before, ${last.length} after them`,
  );
  const { page, start, add, stats } = await openDeployed(t, first);
  const questions = [...last, ...first].map(({ title }) => title);
  const asked = [
    ...questions.slice(0, SIZES.questions),
    ...questions.slice(-SIZES.questions),
    'settngs',
    'how do i',
    'zyxwv',
  ];
  const answers = () => page.evaluate(answersTo, asked);

  await start();
  await add(last);
  const expected = await answers();
  const { documents, passages, embedded } = await stats();
  assert.deepEqual([documents, embedded], [last.length, passages]);
  for (const { stages } of expected.slice(0, SIZES.questions))
    assert.deepEqual(Object.keys(stages), ['lexical', 'hybrid', 'reranked']);

  /**
   * @param {string[]} compared the stages whose answers have to be the same
   * @param {typeof withoutTextsToCome} [expect] what is expected of what was found, where that is not all
   */
  const isTheSame = async (compared, expect = (all) => all) => {
    const found = await stats();
    assert.deepEqual(
      [found.documents, found.passages, found.embedded],
      [documents, passages, embedded],
      'as many as in a search that never had others',
    );
    for (const [i, { text, stages }] of (await answers()).entries()) {
      for (const stage of compared) {
        const whole = expected[i].stages[stage];
        const wanted = stage === 'reranked' ? whole : expect(whole, stages[stage]);
        assert.deepEqual(stages[stage], wanted, `${stage}: ${text}`);
      }
    }
  };

  await t.test('of documents that were added leave the answers of a fresh search, to the bit', async () => {
    await start();
    await add(first);
    await page.evaluate(makeAll, rounds);
    await isTheSame(['lexical', 'hybrid', 'reranked']);
  });

  // What finds words before the engine is there cuts passages by another measure of their length, so that only answers of
  // the engine can be compared where it was given passages that the engine has cut.
  await t.test('and so they are once saved and restored', async () => {
    await page.evaluate(() => search.save('changed'));
    await start({ restore: 'changed' });
    await isTheSame(['hybrid', 'reranked']);
  });

  await t.test('of an index that was opened leave them too', async () => {
    await start({ index: '/site/' });
    await page.evaluate(makeAll, rounds);
    await isTheSame(['hybrid', 'reranked'], withoutTextsToCome);
  });
});

test('documents that change again and again take no more memory', { timeout: 600_000 }, async (t) => {
  const { first } = makeChanges(40, 0);
  const { page, start } = await openDeployed(t, first);
  const memory = await watchMemory(page);
  for (const [name, options] of Object.entries({
    'an opened index': { index: '/site/' },
    'added documents': {},
  })) {
    await t.test(`of ${name}`, async (t) => {
      await start({ ...options, workers: 1 });
      if (!options.index) await page.evaluate((documents) => search.add(documents), first);
      /** Only a field that nobody searches changes, so that nothing has to be embedded. */
      const change = () =>
        page.evaluate(
          async ([document, count, length]) => {
            for (let n = 0; n < count; n += 1) {
              const digits = Array.from({ length: 16 }, () => Math.random().toString(36).slice(2)).join('');
              await search.update([{ ...document, load: digits.repeat(length / digits.length) }]);
            }
          },
          [first[0], CHANGES, LOAD],
        );
      await change();
      const before = await memory.measure();
      await change();
      const after = await memory.measure();
      for (const [i, { name, heap, buffers, wasm }] of after.entries()) {
        const more = heap + buffers + wasm - before[i].heap - before[i].buffers - before[i].wasm;
        t.diagnostic(`${name}: ${mega(more)} more after ${mega(CHANGES * LOAD)} of changes`);
        // One that is kept in every tenth change would be as much.
        assert.ok(more < (CHANGES * LOAD) / 10, `${name} holds ${mega(more)} more`);
      }
    });
  }
});
