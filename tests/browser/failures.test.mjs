/** What a page gets when a model is missing, is no model for docsift, or the engine stops in mid-work. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { makeFolder } from './harness.mjs';
import { readGguf } from './support/gguf.mjs';
import { openPackage, SMALL_EMBEDDER, SMALL_RERANKER } from './support/package.mjs';

const NOT_FOUND = /^console: Failed to load resource: the server responded with a status of 404/;
/** What never settles fails its test. */
const NO_HANG = { timeout: 60_000 };
const DOCUMENTS = [
  { id: 'hello', title: 'Hello', body: 'Say hello to the world.' },
  { id: 'bye', title: 'Goodbye', body: 'Say goodbye to the world, and hello to the next.' },
];

test('a search without its cross-encoder answers in the order of the retriever, and says why', async (t) => {
  const { page } = await openPackage(t, { expected: [NOT_FOUND] });
  const { result, error, models } = await page.evaluate(
    async ([embedder, documents]) => {
      const search = await docsift.createSearch({
        models: { embedder: { weights: embedder }, reranker: { weights: '/models/absent.gguf' } },
      });
      await search.add(documents);
      const { hits, stage, reason, counts } = await search.query('hello');
      const { models } = await search.stats();
      const { name, code, message } = reason ?? {};
      return { result: { hits, stage, counts }, error: { name, code, message }, models };
    },
    [SMALL_EMBEDDER, DOCUMENTS],
  );
  assert.equal(result.stage, 'hybrid');
  assert.equal(error.name, 'DocsiftError');
  assert.equal(error.code, 'download_failed');
  assert.match(error.message, /absent\.gguf/);
  assert.equal(result.hits.length, 2);
  assert.equal(result.counts.reranked, 0);
  for (const [i, { rank, retrievalRank, scores }] of result.hits.entries()) {
    assert.deepEqual([rank, retrievalRank, scores.cross], [i + 1, i + 1, undefined]);
    assert.equal(scores.final, scores.fused);
  }
  assert.ok(result.hits[0].scores.fused >= result.hits[1].scores.fused);
  assert.deepEqual(models, { embedder: 'ready', reranker: 'failed' });
});

test(
  'a search whose cross-encoder fails in mid-query answers in the order of the retriever',
  NO_HANG,
  async (t) => {
    const { page } = await openPackage(t);
    const { stages, stage, code, ids, again } = await page.evaluate(
      async ([embedder, reranker, documents]) => {
        const search = await docsift.createSearch({
          models: { embedder: { weights: embedder }, reranker: { weights: reranker } },
          workers: 1,
          workerUrl: '/pages/failing-worker.js?throw=score',
        });
        await search.add(documents);
        const stages = [];
        let last;
        for await (last of search.stream('hello')) stages.push(last.stage);
        const { hits, stage, reason } = last;
        const again = await search.query('hello');
        return {
          stages,
          stage,
          code: reason?.code,
          ids: hits.map(({ id }) => id),
          again: again.hits.map(({ id }) => id),
        };
      },
      [SMALL_EMBEDDER, SMALL_RERANKER, DOCUMENTS],
    );
    assert.deepEqual(
      { stages, stage, code },
      { stages: ['lexical', 'hybrid', 'hybrid'], stage: 'hybrid', code: 'worker_crashed' },
    );
    assert.equal(ids.length, 2);
    assert.deepEqual(again, ids, 'the documents outlive the worker that held them');
  },
);

test('a search whose embedder is gone answers by words, and says why', async (t) => {
  let gone = false;
  const { page } = await openPackage(t, {
    expected: [NOT_FOUND],
    server: {
      intercept: ({ url }, response) => {
        if (!gone || url !== SMALL_EMBEDDER) return false;
        response.writeHead(404).end();
        return true;
      },
    },
  });
  const options = { models: { embedder: { weights: SMALL_EMBEDDER }, reranker: false }, cache: false };
  await page.evaluate(
    async ([options, documents]) => {
      const search = await docsift.createSearch(options);
      await search.add(documents);
      await search.save('words');
      search.close();
    },
    [options, DOCUMENTS],
  );
  gone = true;
  const { stage, ids, code, refused } = await page.evaluate(
    async ([options, document]) => {
      const search = await docsift.createSearch({ ...options, restore: 'words' });
      const { hits, stage, reason } = await search.query('goodbye');
      const refused = await outcome(search.add([{ ...document, id: 'new' }]));
      return { stage, ids: hits.map(({ id }) => id), code: reason?.code, refused: refused.error?.code };
    },
    [options, DOCUMENTS[0]],
  );
  assert.deepEqual(
    { stage, ids, code, refused },
    { stage: 'lexical', ids: ['bye'], code: 'download_failed', refused: 'download_failed' },
  );
});

test('a file that is no model for docsift is refused', async (t) => {
  const folder = await makeFolder(t, 'refused');
  const file = await readFile(path.join(ROOT, 'tests', SMALL_EMBEDDER));
  await writeFile(path.join(folder, 'half.gguf'), file.subarray(0, file.length / 2));
  await writeFile(path.join(folder, 'text.gguf'), 'This is no model.');
  const { start, length } = readGguf(file).metadata.get('general.architecture');
  assert.equal(file.toString('utf8', start, start + length), 'bert');
  file.write('nomi', start);
  await writeFile(path.join(folder, 'nomi.gguf'), file);

  const { page } = await openPackage(t, { server: { folders: { '/refused/': folder } } });
  for (const [name, role, weights, code, says] of /** @type {const} */ ([
    ['of another architecture', 'Embedder', '/refused/nomi.gguf', 'unsupported_architecture', /nomi/],
    ['that ends in the middle', 'Embedder', '/refused/half.gguf', 'invalid_model', /./],
    ['of another format', 'Embedder', '/refused/text.gguf', 'invalid_model', /GGUF/],
    ['of the other role: a cross-encoder', 'Embedder', SMALL_RERANKER, 'invalid_model', /bi-encoder/],
    ['of the other role: a bi-encoder', 'Reranker', SMALL_EMBEDDER, 'invalid_model', /cross-encoder/],
  ])) {
    await t.test(name, async (t) => {
      const { error } = await page.evaluate(
        ([role, weights]) => outcome(docsift[`load${role}`]({ model: { weights }, workers: 1 })),
        [role, weights],
      );
      t.diagnostic(`${error?.code}: ${error?.message}`);
      assert.equal(error?.name, 'DocsiftError');
      assert.equal(error.code, code);
      assert.match(error.message, says);
    });
  }
});

test('an engine that traps ends with a typed error or is replaced, and hangs nobody', NO_HANG, async (t) => {
  // A failed allocation ends in Rust's handler, which says so on the console before it traps.
  const { page } = await openPackage(t, { expected: [/^console: .*(memory|panicked|alloc)/] });
  const model = { weights: SMALL_EMBEDDER };
  const long = 'word '.repeat(400_000);

  await t.test('once: the work is done by the worker that takes its place', async () => {
    const before = await page.evaluate(async (model) => {
      window.embedder = await docsift.loadEmbedder({
        model,
        workers: 1,
        workerUrl: '/pages/failing-worker.js',
      });
      return embedder.embed(['hello']);
    }, model);
    const [worker] = page.workers();
    await worker.evaluate(() => self.starve());
    const [{ value, error }, after] = await page.evaluate(async (long) => {
      const found = await outcome(embedder.embed([long]));
      const after = await embedder.embed(['hello']);
      embedder.close();
      return [found, after];
    }, long);
    assert.equal(error, undefined);
    assert.equal(value.length, 128);
    assert.deepEqual(after, before);
    assert.notEqual(page.workers()[0], worker);
  });

  await t.test('every time: the call is rejected', async (t) => {
    const { error } = await page.evaluate(
      async ([model, long]) => {
        const embedder = await docsift.loadEmbedder({
          model,
          workers: 1,
          workerUrl: '/pages/failing-worker.js?starve=embed',
        });
        const result = await outcome(embedder.embed([long]));
        embedder.close();
        return result;
      },
      [model, long],
    );
    t.diagnostic(`${error?.code}: ${error?.message}`);
    assert.equal(error?.name, 'DocsiftError');
    assert.equal(error.code, 'worker_crashed');
  });
});
