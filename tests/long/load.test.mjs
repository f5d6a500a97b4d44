/**
 * A large index in Chromium: it opens, answers by words and by meaning and reranks, and a thousand queries of all kinds
 * leave no memory behind.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { makeProfile } from '../browser/harness.mjs';
import { openPackage, SMALL_EMBEDDER, SMALL_RERANKER } from '../browser/support/package.mjs';
import { SIZES } from './sizes.mjs';
import { CORPUS } from './support/corpus.mjs';
import { makeLargeSite, PLANTED } from './support/large-site.mjs';
import { peakOfProcess, watchMemory } from './support/memory.mjs';
import { askAll, makeQuestions } from './support/questions.mjs';

/** The package's models; in the short form two that are loaded, and read passages, in no time. */
const MODELS = SIZES.long
  ? {
      embedder: { file: 'models/all-minilm-l6-v2.gguf', weights: '/models/all-minilm-l6-v2.gguf' },
      reranker: { weights: '/models/docsift-rerank-l6.gguf', words: '/models/all-minilm-l6-v2.gguf' },
      dims: 384,
    }
  : {
      embedder: { file: path.join('tests', SMALL_EMBEDDER), weights: SMALL_EMBEDDER },
      reranker: { weights: SMALL_RERANKER },
      dims: 128,
    };
/** Queries of one round, after which memory is looked at. */
const ROUND = 40;
/**
 * What JavaScript may hold more after all queries than after those that warmed it up. Code that is compiled, or thrown
 * away, makes a difference of about 0.2 MB. A result that was not let go of is 20 kB and more, so one in fifty is found.
 */
const HEAP_SLACK = 512 * 1024 + 512 * SIZES.queries;
/**
 * What a worker's WebAssembly memory may grow by. It never shrinks, and how many passages are read at a time follows
 * from how fast the machine is at the moment, so a chunk that is larger than any before may come late. A passage that was
 * not let go of has 384 numbers for each of some 100 tokens: 150 kB.
 */
const WASM_SLACK = 4 * 2 ** 20;

const mega = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const sum = (/** @type {number[]} */ numbers) => numbers.reduce((total, number) => total + number, 0);

/**
 * Questions that show pages from all over the index, so that both workers that hold it have its texts: those are fetched
 * when they are shown, and are then what is to be held.
 *
 * @param {string[]} titles
 * @param {number} count
 */
function widely(titles, count) {
  return Array.from({ length: count }, (_, i) => ({
    text: titles[Math.floor((i * titles.length) / count)],
    options: { rerank: false, limit: 50 },
  }));
}

/** @param {import('node:test').TestContext} t */
async function openLargeSite(t) {
  const weights = await readFile(path.join(ROOT, MODELS.embedder.file));
  const made = await makeLargeSite(t, { passages: SIZES.passages, dims: MODELS.dims, weights });
  t.diagnostic(`${made.documents} documents, ${made.passages} passages, ${mega(made.bytes)}`);
  const profile = await makeProfile(t);
  const { page } = await openPackage(t, { server: { folders: { '/large/': made.folder } }, profile });
  const memory = await watchMemory(page);
  const ms = await page.evaluate(
    async ([embedder, reranker, cacheScores]) => {
      const times = {};
      const started = performance.now();
      window.search = await docsift.createSearch({
        ...{ index: '/large/', models: { embedder, reranker }, workers: 2, cacheScores },
      });
      times.words = performance.now() - started;
      await search.ready();
      times.models = performance.now() - started;
      return times;
    },
    [
      { weights: MODELS.embedder.weights },
      MODELS.reranker,
      // In the short form as few as are filled by the queries that warm up.
      SIZES.long ? {} : { entries: 500 },
    ],
  );
  t.diagnostic(`found by words after ${ms.words.toFixed(0)} ms, all models after ${ms.models.toFixed(0)} ms`);
  return { page, memory, made, profile };
}

test(`an index of ${SIZES.passages} passages`, { timeout: 7_200_000 }, async (t) => {
  const { page, memory, made, profile } = await openLargeSite(t);

  await t.test('is there whole', async () => {
    const { documents, passages, embedded, models } = await page.evaluate(() => search.stats());
    assert.ok(passages >= SIZES.passages);
    assert.deepEqual(
      { documents, passages, embedded, models },
      {
        ...{ documents: made.documents, passages: made.passages, embedded: made.passages },
        models: { embedder: 'ready', reranker: 'ready' },
      },
    );
  });

  for (const { id, word, question } of PLANTED) {
    await t.test(`answers by words, whole and misspelt, and by meaning: ${word}`, async (t) => {
      const found = await page.evaluate(
        async ([word, question]) => {
          const first = async (text, stage) => {
            for await (const result of search.stream(text, { rerank: false }))
              if (result.stage === stage)
                return { id: result.hits[0]?.id, passage: result.hits[0]?.passage.text, ...result.timings };
          };
          return {
            word: await first(word, 'lexical'),
            misspelt: await first(word.replace('e', ''), 'lexical'),
            question: await first(question, 'hybrid'),
          };
        },
        [word, question],
      );
      for (const [kind, hit] of Object.entries(found)) {
        assert.equal(hit.id, id, kind);
        // What the words find may be told before its texts are there.
        if (kind === 'question' || hit.passage !== '') assert.equal(hit.passage, `${word} ${word}`, kind);
      }
      const { lexical, retrieve } = found.question;
      t.diagnostic(`words ${lexical.toFixed(1)} ms, words and meaning ${retrieve.toFixed(1)} ms`);
    });
  }

  await t.test('reranks', async (t) => {
    const { stage, scores, counts, timings } = await page.evaluate(async (text) => {
      const { stage, hits, counts, timings } = await search.query(text, { limit: 50 });
      return { stage, scores: hits.map(({ scores }) => scores), counts, timings };
    }, made.titles[10]);
    assert.equal(stage, 'reranked');
    assert.deepEqual(counts, { candidates: 50, reranked: 50 });
    for (const { cross } of scores) assert.ok(Number.isFinite(cross));
    const order = scores.map(({ final }) => final);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => b - a),
    );
    t.diagnostic(`50 passages in ${timings.rerank.toFixed(0)} ms`);
  });

  await t.test(`holds no more memory after ${SIZES.queries} queries of all kinds`, async (t) => {
    const sections = [...new Set(CORPUS.map(({ section }) => section))];
    const questions = makeQuestions(SIZES.warmUp + SIZES.queries, made.titles, sections);
    await page.evaluate(askAll, widely(made.titles, SIZES.warmUp / 4));
    const total = { answered: 0, aborted: 0, left: 0, reranked: 0, empty: 0 };
    let warm;
    let last;
    let peak = 0;
    for (let asked = 0; asked < questions.length; asked += ROUND) {
      const { problems, ...ended } = await page.evaluate(askAll, questions.slice(asked, asked + ROUND));
      assert.deepEqual(problems, []);
      for (const name of Object.keys(total)) total[name] += ended[name];
      last = await memory.measure();
      peak = Math.max(peak, last[0].heap + last[0].buffers);
      if (asked + ROUND <= SIZES.warmUp) warm = last;
      const each = last.map(({ name, heap, buffers, wasm }) =>
        [name, mega(heap), mega(buffers), mega(wasm)].join(' '),
      );
      process.stderr.write(`${asked + ROUND} of ${questions.length} queries: ${each.join('; ')}\n`);
    }

    t.diagnostic(JSON.stringify(total));
    assert.equal(total.answered + total.aborted + total.left, questions.length);
    for (const [kind, count] of Object.entries(total)) assert.ok(count > 0, `some were ${kind}`);
    assert.equal(last.length, warm.length, 'no worker was started anew');
    assert.equal(last.length, 4, 'the page, the worker for words and two others');
    for (const [i, { name, heap, buffers, wasm }] of last.entries()) {
      const before = warm[i];
      t.diagnostic(
        `${name}: heap ${mega(before.heap)} → ${mega(heap)}, buffers ${mega(before.buffers)} → ${mega(buffers)}, ` +
          `WebAssembly ${mega(before.wasm)} → ${mega(wasm)}`,
      );
    }
    t.diagnostic(
      `in all: ${mega(sum(last.map(({ heap, buffers, wasm }) => heap + buffers + wasm)))}; ` +
        `most in the page ${mega(peak)}; process ${mega(peakOfProcess(profile) ?? 0)} at its peak`,
    );
    for (const [i, { name, heap, buffers, wasm }] of last.entries()) {
      const more = heap + buffers - warm[i].heap - warm[i].buffers;
      assert.ok(more <= HEAP_SLACK, `${name} holds ${mega(more)} more than when it was warm`);
      assert.ok(
        wasm - warm[i].wasm <= WASM_SLACK,
        `${name}: WebAssembly memory has grown from ${warm[i].wasm} to ${wasm} bytes`,
      );
    }
  });
});
