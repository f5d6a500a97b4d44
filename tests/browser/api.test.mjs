/** The package's API in a real browser: the two models by themselves, a search from its first document to its end. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { REQUIRED } from './support/fidelity.mjs';
import { goldenGroups, goldenTexts } from './support/fixtures.mjs';
import { cosine, orderOf, rowsOf } from './support/measures.mjs';
import { openPackage, SMALL_RERANKER } from './support/package.mjs';
import { smallManifest } from './support/small-site.mjs';

const CORPUS = JSON.parse(readFileSync(path.join(ROOT, 'web/demo/corpus/zulip-help.json'), 'utf8'));
const articles = (/** @type {string[]} */ ...ids) => CORPUS.filter(({ id }) => ids.includes(id));

test('the models by themselves', { timeout: 120_000 }, async (t) => {
  const { page } = await openPackage(t);

  await t.test('embed gives what sentence-transformers gives', async (t) => {
    const texts = goldenTexts().filter(({ name }) => name.startsWith('query/'));
    const { values, dims, architecture } = await page.evaluate(
      async (texts) => {
        window.embedder = await docsift.loadEmbedder();
        const { dims, info } = embedder;
        return { values: await embedder.embed(texts), dims, architecture: info.architecture };
      },
      texts.map(({ text }) => text),
    );
    assert.equal(dims, 384);
    assert.equal(architecture, 'bert');
    assert.equal(values.length, texts.length * dims);
    const least = Math.min(...rowsOf(values, texts.length).map((row, i) => cosine(row, texts[i].embedding)));
    t.diagnostic(`least cosine ${least.toFixed(5)}`);
    assert.ok(least >= REQUIRED.int8Cosine, `least cosine ${least}`);
  });

  await t.test('rerank puts passages in the order that PyTorch gives them', async () => {
    const { query, passages } = goldenGroups().find(({ name }) => name === 'case/python-pet-care');
    const logits = await page.evaluate(
      async ([query, passages]) => {
        window.reranker = await docsift.loadReranker();
        return reranker.rerank(query, passages);
      },
      [query, passages],
    );
    assert.deepEqual(orderOf(logits), [0, 1, 2]);
  });

  await t.test('work that is given up ends promptly, and what follows is served', async (t) => {
    const { name, took, tenth, after } = await page.evaluate(async () => {
      const texts = Array.from(
        { length: 400 },
        (_, i) => `Passage ${i}. ${'All of these words are read. '.repeat(30)}`,
      );
      const started = performance.now();
      await embedder.embed(texts.slice(0, 40));
      const tenth = performance.now() - started;
      const controller = new AbortController();
      const work = embedder.embed(texts, { signal: controller.signal });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const aborted = performance.now();
      controller.abort();
      const error = await work.catch((error) => error);
      const { length } = await embedder.embed(['next']);
      return { name: error.name, took: performance.now() - aborted, tenth, after: length };
    });
    t.diagnostic(`${took.toFixed(0)} ms from the abort to the next result`);
    assert.equal(name, 'AbortError');
    assert.ok(took < tenth, `${took} ms, where a tenth of the work takes ${tenth} ms`);
    assert.equal(after, 384);
  });

  await t.test('what is not text is refused, and so is everything after close', async () => {
    const errors = await page.evaluate(async () => {
      const wrong = [
        await outcome(embedder.embed([1])),
        await outcome(reranker.rerank(undefined, ['a'])),
        await outcome(reranker.rerank('a', 'b')),
      ];
      const waiting = embedder.embed(['never']);
      embedder.close();
      reranker.close();
      return [
        ...wrong,
        await outcome(waiting),
        await outcome(embedder.embed(['a'])),
        await outcome(reranker.rerank('a', ['b'])),
      ];
    });
    const input = 'invalid_input';
    assert.deepEqual(
      errors.map(({ error }) => error?.code),
      [input, input, input, 'closed', 'closed', 'closed'],
    );
  });
});

test('a search from its first document to its end', { timeout: 120_000 }, async (t) => {
  const { page } = await openPackage(t);
  const first = articles('read-receipts', 'mute-a-topic', 'invite-new-users', 'change-your-password');
  assert.equal(first.length, 4);

  /** @param {string} text @param {object} [options] */
  const query = (text, options) =>
    page.evaluate(
      async ([text, options]) => {
        const { hits, stage, counts, reason, trace } = await search.query(text, options);
        return { hits, stage, counts, reason: reason?.code, trace };
      },
      [text, options],
    );

  await t.test('before any document, nothing is found', async () => {
    await page.evaluate(async () => {
      window.search = await docsift.createSearch();
      await search.ready();
    });
    assert.deepEqual((await query('password')).hits, []);
  });

  await t.test('add: documents are found by meaning, and reranked', async () => {
    await page.evaluate((documents) => search.add(documents), first);
    const { hits, stage, counts, trace } = await query('can people see that I have opened their message', {
      trace: true,
      limit: 2,
    });
    assert.equal(stage, 'reranked');
    assert.equal(hits.length, 2);
    const [hit] = hits;
    assert.equal(hit.id, 'read-receipts');
    assert.deepEqual(
      hit.document,
      first.find(({ id }) => id === hit.id),
    );
    assert.ok(hit.passage.text.includes(hit.excerpt.text.replaceAll('…', '').trim().slice(0, 40)));
    assert.equal(hit.rank, 1);
    assert.ok(hit.retrievalRank >= 1);
    const { cross, opening, fused, final } = hit.scores;
    assert.ok(Math.abs(final - (0.6 * cross + 0.4 * opening + 12 * fused)) < 1e-3);
    assert.equal(
      trace.openings.length,
      Math.min(10, new Set(trace.candidates.map((each) => each.documentId)).size),
    );
    const { candidates } = trace;
    assert.equal(candidates.length, counts.candidates);
    assert.equal(counts.reranked, counts.candidates);
    assert.deepEqual(
      candidates.map(({ rank }) => rank),
      candidates.map((_, i) => i + 1),
    );
  });

  await t.test('add: all or none, and no id twice', async () => {
    const errors = await page.evaluate(async (taken) => {
      const fresh = { id: 'fresh', title: 'Fresh', body: 'Nothing yet.' };
      const attempts = [
        [fresh, taken],
        [fresh, { id: 'no-title', body: '' }],
        [fresh, fresh],
        'not documents',
      ];
      const errors = [];
      for (const documents of attempts) errors.push(await outcome(search.add(documents)));
      return errors;
    }, first[0]);
    assert.deepEqual(
      errors.map(({ error }) => error?.code),
      Array(4).fill('invalid_input'),
    );
    assert.equal((await page.evaluate(() => search.stats())).documents, first.length);
  });

  await t.test('update: the new text is found, the old is not', async () => {
    const { id } = first[0];
    const changed = {
      ...first[0],
      title: 'Feeding a ball python',
      body: 'Offer a thawed mouse once a week.',
    };
    await page.evaluate((document) => search.update([document]), changed);
    const { hits } = await query('what does a snake eat', { limit: 1 });
    assert.equal(hits[0].id, id);
    assert.equal(hits[0].document.title, changed.title);
    assert.equal((await page.evaluate(() => search.stats())).documents, first.length);
  });

  await t.test('save and restore: the same hits with the same scores, embedded once', async () => {
    const question = 'stop notifications about one conversation';
    const before = await query(question);
    await page.evaluate(() => search.save('api-test'));
    assert.deepEqual(await page.evaluate(() => docsift.listIndexes()), ['api-test']);
    const embedded = await page.evaluate(async () => {
      search.close();
      const passages = [];
      const onProgress = ({ stage, loaded }) => stage === 'embed' && passages.push(loaded);
      window.search = await docsift.createSearch({ restore: 'api-test', onProgress });
      await search.ready();
      return passages;
    });
    assert.deepEqual(embedded, []);
    assert.deepEqual(await query(question), before);
  });

  await t.test('remove: the document is gone', async () => {
    const removed = await page.evaluate(() => search.remove(['mute-a-topic', 'never-there']));
    assert.equal(removed, 1);
    const { hits } = await query('stop notifications about one conversation');
    assert.ok(!hits.some(({ id }) => id === 'mute-a-topic'));
    assert.equal((await page.evaluate(() => search.stats())).documents, first.length - 1);
  });

  await t.test('a worker that dies is replaced, with its models and documents', async () => {
    const question = 'forgot my password';
    const before = await query(question);
    const [primary] = page.workers();
    await primary.evaluate(() => {
      setTimeout(() => {
        throw new Error('stopped by the test');
      });
    });
    await primary.evaluate(() => new Promise(() => {})).catch(() => {});
    assert.deepEqual(await query(question), before);
  });

  await t.test('stats: memory and state', async (t) => {
    const { runtime, memoryBytes, models, passages, embedded } = await page.evaluate(() => search.stats());
    t.diagnostic(
      `${runtime}, memory of each worker: ${memoryBytes.map((bytes) => `${(bytes / 1e6).toFixed(1)} MB`).join(', ')}`,
    );
    assert.equal(runtime, 'relaxed');
    assert.deepEqual(models, { embedder: 'ready', reranker: 'ready' });
    assert.equal(embedded, passages);
    assert.ok(memoryBytes.every((bytes) => bytes > 1e6));
  });

  await t.test('close: what waits and what follows is rejected', async () => {
    const errors = await page.evaluate(async () => {
      const waiting = search.query('anything');
      search.close();
      const later = [
        search.query('anything'),
        search.add([{ id: 'x', title: 'X', body: 'x' }]),
        search.save('x'),
      ];
      return Promise.all([waiting, ...later].map(outcome));
    });
    assert.deepEqual(
      errors.map(({ error }) => error?.code),
      Array(4).fill('closed'),
    );
  });

  await t.test('an index that is not there is reported', async () => {
    const { error } = await page.evaluate(async () => {
      await docsift.deleteIndex('api-test');
      return outcome(docsift.createSearch({ restore: 'api-test' }));
    });
    assert.equal(error?.code, 'index_not_found');
  });
});

test('of two rerankers the one is loaded that keeps to the budget', { timeout: 120_000 }, async (t) => {
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'models/manifest.json'), 'utf8'));
  for (const model of Object.values(manifest.models)) model.file = `../models/${model.file}`;
  const small = (await smallManifest(() => `..${SMALL_RERANKER}`)).models['small-reranker'];
  manifest.models.small = { ...small, macsPerToken: 100_000 };
  const { page } = await openPackage(t, {
    server: {
      intercept: (request, response) => {
        if (request.url !== '/chosen/manifest.json') return false;
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(manifest));
        return true;
      },
    },
  });
  const chosen = (/** @type {number} */ budgetMs) =>
    page.evaluate(
      async ([budgetMs, documents]) => {
        const models = { reranker: { budgetMs } };
        const search = await docsift.createSearch({ modelBaseUrl: '/chosen/', models });
        await search.add(documents);
        await search.ready();
        const { rerankerId } = await search.stats();
        const { stage } = await search.query('mute a topic');
        search.close();
        return [rerankerId, stage];
      },
      [budgetMs, articles('mute-a-topic')],
    );
  assert.deepEqual(await chosen(60_000), ['docsift-rerank-l6', 'reranked']);
  assert.deepEqual(await chosen(0.001), ['small', 'reranked']);
});
