/** Queries on the real models: what they show on the way, what an abort stops, and that scores depend on nothing else. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { importPackage, openPackage, watchWorkers } from './support/package.mjs';

const CORPUS = JSON.parse(readFileSync(path.join(ROOT, 'web/demo/corpus/zulip-help.json'), 'utf8'));
/** Enough for 50 candidates, and few enough to be embedded in seconds. */
const DOCUMENTS = CORPUS.slice(0, 24);
const QUERY = 'stop notifications about one conversation';
const INDEX = 'stream-test';

test('queries on the real models', { timeout: 600_000 }, async (t) => {
  const { page } = await openPackage(t);
  await watchWorkers(page);

  /** Starts a search over the saved index with all its models in all its workers. */
  const restore = (/** @type {object} */ options = {}) =>
    page.evaluate(
      async ([name, options]) => {
        window.search?.close();
        requests.length = 0;
        window.search = await docsift.createSearch({ restore: name, ...options });
        await search.ready();
        const { memoryBytes } = await search.stats();
        // A worker loads a model while it answers nothing else; the last load is through when it has answered again.
        const loads = () => requests.filter(({ call }) => call === 'load').length;
        while (loads() < 2 * memoryBytes.length) await new Promise((go) => setTimeout(go, 10));
        await search.stats();
        requests.length = 0;
      },
      [INDEX, options],
    );

  /** Every candidate's logit, by its passage. */
  const logits = (/** @type {object} */ options = {}) =>
    page.evaluate(
      async ([text, options]) => {
        const { trace, counts } = await search.query(text, { trace: true, ...options });
        const found = trace.candidates.map(({ documentId, passage, scores }) => [
          `${documentId}: ${passage.text}`,
          scores.cross,
        ]);
        return { counts, logits: Object.fromEntries(found) };
      },
      [QUERY, options],
    );

  await t.test('words answer before any model has arrived', async () => {
    const { first, loads } = await page.evaluate(
      async ([documents, text, name]) => {
        window.search = await docsift.createSearch();
        const adding = search.add(documents);
        let first;
        for await (const { stage, final, hits, reason } of search.stream(text)) {
          first = { stage, final, found: hits.length, reason: reason?.code };
          break;
        }
        const loads = requests.filter(({ call }) => call === 'load').length;
        await adding;
        await search.save(name);
        return { first, loads };
      },
      [DOCUMENTS, QUERY, INDEX],
    );
    assert.equal(loads, 0);
    assert.ok(first.found > 0);
    assert.deepEqual(first, { stage: 'lexical', final: false, found: first.found, reason: undefined });
  });

  await t.test('stages come in their order, and only the last result is final', async () => {
    const results = await page.evaluate(async (text) => {
      const results = [];
      for await (const { stage, final, counts } of search.stream(text)) {
        results.push({ stage, final, reranked: counts.reranked });
      }
      return results;
    }, QUERY);
    assert.deepEqual([...new Set(results.map(({ stage }) => stage))], ['lexical', 'hybrid', 'reranked']);
    assert.deepEqual(
      results.map(({ final }) => final),
      results.map((_, i) => i === results.length - 1),
    );
    const read = results.map(({ reranked }) => reranked);
    assert.deepEqual(
      read,
      read.toSorted((a, b) => a - b),
    );
    assert.equal(read.at(-1), 50);
  });

  await t.test(
    'partial results come while passages are read, and their scores are the final ones',
    async (t) => {
      await restore({ workers: 2 });
      const { partial, last } = await page.evaluate(async (text) => {
        const partial = [];
        let last;
        for await (last of search.stream(text, { trace: true, limit: 50 })) {
          if (last.stage !== 'reranked' || last.final) continue;
          partial.push(last.trace.candidates.map(({ passage, scores }) => [passage.text, scores.cross]));
        }
        return {
          partial,
          last: last.trace.candidates.map(({ passage, scores }) => [passage.text, scores.cross]),
        };
      }, QUERY);
      t.diagnostic(`${partial.length} partial results`);
      assert.ok(partial.length >= 2);
      const final = new Map(last);
      for (const candidates of partial) {
        for (const [text, cross] of candidates) if (cross !== undefined) assert.equal(cross, final.get(text));
      }
    },
  );

  /** @type {Record<string, number>} */
  let reference = {};
  await t.test('scores are the same to the bit for 1, 2 and 3 workers, and any batch', async () => {
    await restore({ workers: 1, cacheScores: false });
    ({ logits: reference } = await logits());
    assert.equal(Object.keys(reference).length, 50);
    const few = await logits({ retrieve: 7 });
    assert.equal(few.counts.reranked, 7);
    for (const [passage, logit] of Object.entries(few.logits))
      assert.equal(logit, reference[passage], passage);
    for (const workers of [2, 3]) {
      await restore({ workers, cacheScores: false });
      assert.deepEqual((await logits()).logits, reference, `${workers} workers`);
      const used = await page.evaluate(() =>
        requests.filter(({ call }) => call === 'score').map(({ worker }) => worker),
      );
      assert.equal(new Set(used).size, workers);
    }
  });

  await t.test('and with a worker that is ended while it reads', async () => {
    for (const workers of [1, 2]) {
      await restore({ workers, cacheScores: false });
      const started = page.workers().length;
      await page.evaluate(() => killAt(3));
      assert.deepEqual((await logits()).logits, reference, `${workers} workers`);
      const inits = await page.evaluate(() => requests.filter(({ call }) => call === 'init').length);
      assert.equal(inits, 1, 'one worker was replaced');
      assert.equal(page.workers().length, started);
    }
  });

  await t.test('an abort while passages are read rejects, and no more of them are read', async (t) => {
    await restore({ workers: 2 });
    const { name, took, posted, later, read, next } = await page.evaluate(async (text) => {
      const count = () => requests.filter(({ call }) => call === 'score').length;
      const controller = new AbortController();
      let aborted;
      let posted;
      const streaming = (async () => {
        for await (const { stage } of search.stream(text, { signal: controller.signal })) {
          if (stage !== 'reranked') continue;
          posted = count();
          aborted = performance.now();
          controller.abort();
        }
      })();
      const { name } = await streaming.catch((error) => error);
      const took = performance.now() - aborted;
      // Whatever a worker had in hand is through when it answers again.
      await search.stats();
      const later = count();
      const read = requests.filter(({ call }) => call === 'score').reduce((sum, { texts }) => sum + texts, 0);
      const next = await search.query(text);
      return { name, took, posted, later, read, next: next.counts.reranked };
    }, QUERY);
    t.diagnostic(`rejected after ${took.toFixed(1)} ms; ${read} of 50 passages were begun`);
    assert.equal(name, 'AbortError');
    assert.equal(later, posted, 'nothing was posted after the abort');
    assert.ok(read < 50, `${read} passages were begun`);
    assert.equal(next, 50);
  });

  for (const [rhythm, isRead] of /** @type {const} */ ([
    ['at once', false],
    ['each while the one before is read', true],
  ])) {
    await t.test(`of 50 rapid queries, ${rhythm}, only the last is read to its end`, async (t) => {
      await restore({ workers: 2, cacheScores: false });
      const { outcomes, read, order } = await page.evaluate(
        async ([text, isRead]) => {
          const reads = () => requests.filter(({ call }) => call === 'score');
          const asked = Array.from({ length: 50 }, (_, i) => `${text} ${i}`);
          let controller = new AbortController();
          const queries = [];
          for (const query of asked) {
            controller.abort();
            controller = new AbortController();
            queries.push(outcome(search.query(query, { signal: controller.signal })));
            while (isRead && reads().at(-1)?.query !== query) await new Promise((go) => setTimeout(go));
          }
          const outcomes = (await Promise.all(queries)).map(({ value, error }) => value?.stage ?? error.name);
          const read = asked.map((query) =>
            reads().reduce((sum, each) => sum + (each.query === query ? each.texts : 0), 0),
          );
          return { outcomes, read, order: reads().map(({ query }) => asked.indexOf(query)) };
        },
        [QUERY, isRead],
      );
      assert.deepEqual(outcomes, [...Array(49).fill('AbortError'), 'reranked']);
      const last = read.pop();
      const others = read.reduce((sum, each) => sum + each, 0);
      t.diagnostic(
        `the last: ${last} texts; the 49 before it together: ${others}, each at most ${Math.max(...read)}`,
      );
      // The 50 passages, and what ten documents open with.
      assert.equal(last, 60);
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
        'nothing is read for a query that was given up',
      );
      if (isRead) assert.ok(read.every((each) => each < 50));
      else assert.equal(others, 0);
    });
  }

  await t.test('a repeated query is answered from the scores that are kept', async () => {
    await restore();
    const first = await logits();
    await page.evaluate(() => {
      requests.length = 0;
    });
    assert.deepEqual(await logits(), first);
    assert.deepEqual(
      await page.evaluate(() => requests.map(({ call }) => call).filter((call) => /score|embed/.test(call))),
      [],
    );
  });

  await t.test('a budget reads some passages, and all when there is time', async (t) => {
    await restore({ cacheScores: false });
    const read = (/** @type {number} */ budgetMs) => logits({ rerank: { budgetMs } });
    await read(1);
    const { counts } = await read(100);
    t.diagnostic(`${counts.reranked} of ${counts.candidates} passages in 100 ms`);
    assert.ok(counts.reranked > 0);
    assert.equal((await read(60_000)).counts.reranked, 50);
    assert.equal((await read(0)).counts.reranked, 0);
  });

  await t.test('an update embeds the passage that has changed, and no other', async () => {
    const document = DOCUMENTS.toSorted((a, b) => b.body.length - a.body.length)[0];
    const paragraph = 'To silence a single thread, choose the crossed-out bell beside its name.';
    const body = `${document.body}\n\nSilence one thread\n\n${paragraph}\n`;
    const { after, texts, ids } = await page.evaluate(
      async ([document, text]) => {
        requests.length = 0;
        await search.update([document]);
        const texts = requests
          .filter(({ call }) => call === 'embed')
          .reduce((sum, { texts }) => sum + texts, 0);
        const { hits } = await search.query(text);
        return { after: await search.stats(), texts, ids: hits.map(({ id }) => id) };
      },
      [{ ...document, body }, 'silence a single thread with the crossed-out bell'],
    );
    assert.equal(after.embedded, after.passages);
    assert.equal(texts, 1);
    assert.equal(ids[0], document.id);
  });

  await t.test('explain says where a document is, or why it is not there', async () => {
    const explain = (/** @type {string} */ id, /** @type {object} */ options = {}) =>
      page.evaluate(([text, id, options]) => search.explain(text, id, options), [QUERY, id, options]);
    const { hits } = await page.evaluate((text) => search.query(text), QUERY);
    assert.equal((await explain(hits[0].id)).verdict, 'found');
    assert.equal((await explain(hits[1].id, { limit: 1 })).verdict, 'ranked_too_low');
    const [{ section }] = hits.map(({ document }) => document);
    assert.equal((await explain(hits[0].id, { where: { section: { not: section } } })).field, 'section');
    const unread = DOCUMENTS.map(({ id }) => id).filter((id) => !hits.some((hit) => hit.id === id));
    const { verdict, passages } = await explain(unread.at(-1), { retrieve: 1 });
    assert.equal(verdict, 'not_retrieved');
    assert.ok(passages.every(({ fusedRank }) => fusedRank > 1));
    assert.equal((await explain('never-there')).verdict, 'unknown_document');
  });

  await t.test(
    'after a reload, a restored index gives the same scores, and embeds nothing but the query',
    async () => {
      await page.reload();
      await importPackage(page);
      await watchWorkers(page);
      await restore({ workers: 2 });
      assert.deepEqual((await logits()).logits, reference);
      const texts = await page.evaluate(() =>
        requests.filter(({ call }) => call === 'embed').map(({ texts }) => texts),
      );
      assert.deepEqual(texts, [1]);
    },
  );
});
