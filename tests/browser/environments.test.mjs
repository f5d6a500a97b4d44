/** Browsers that can do less, and pages that allow less: which binary runs, and what is said where none can. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTENT_SECURITY_POLICY } from '../../scripts/serve.mjs';
import { openPackage, SMALL_EMBEDDER } from './support/package.mjs';

/** Starts a search; says which binary it runs and how much memory an embedding left it with. */
const start = (page) =>
  page.evaluate(
    (weights) =>
      outcome(
        (async () => {
          window.search?.close();
          const search = await docsift.createSearch({
            models: { embedder: { weights }, reranker: false },
            workers: 1,
          });
          window.search = search;
          await search.add([{ id: 'a', title: 'A title', body: 'One passage.' }]);
          const { runtime, embedded } = await search.stats();
          return { runtime, embedded };
        })(),
      ),
    SMALL_EMBEDDER,
  );

/** What the search answers after that. */
const ask = (page, text) =>
  page.evaluate(async (text) => {
    const { hits, stage, final, reason } = await search.query(text);
    return { ids: hits.map(({ id }) => id), stage, final, code: reason?.code };
  }, text);

/** The prefixed opcodes, in LEB128, without which a browser is older. */
const RELAXED_DOT = [0xfd, 0x93, 0x02];
const SIMD_DOT = [0xfd, 0xba, 0x01];

/** Makes the page's browser one that does not know some opcodes. */
const forget = (page, ...opcodes) =>
  page.evaluate((opcodes) => {
    const validate = WebAssembly.validate;
    WebAssembly.validate = (bytes) => {
      const text = Array.from(bytes).join();
      return validate(bytes) && !opcodes.some((opcode) => text.includes(opcode.join()));
    };
  }, opcodes);

for (const [name, opcodes, expected] of /** @type {const} */ ([
  ['relaxed SIMD', [], 'relaxed'],
  ['SIMD', [RELAXED_DOT], 'simd128'],
])) {
  test(`a browser with ${name} runs the binary for it`, async (t) => {
    const { page } = await openPackage(t);
    await forget(page, ...opcodes);
    assert.deepEqual(await start(page), { value: { runtime: expected, embedded: 1 } });
  });
}

test('a browser without SIMD is told so, and finds by words', async (t) => {
  const { page } = await openPackage(t);
  await forget(page, RELAXED_DOT, SIMD_DOT);
  assert.equal((await start(page)).error?.code, 'no_simd');
  assert.deepEqual(await ask(page, 'passages'), {
    ...{ ids: ['a'], stage: 'lexical', final: true, code: 'no_simd' },
  });
});

test('a page whose policy forbids WebAssembly is told what to allow, and finds by titles', async (t) => {
  const policy = CONTENT_SECURITY_POLICY.replace(" 'wasm-unsafe-eval'", '');
  assert.notEqual(policy, CONTENT_SECURITY_POLICY);
  const { page } = await openPackage(t, {
    server: {
      intercept: ({ url }, response) => {
        // The server's own headers are given with the status; these replace its policy.
        const writeHead = response.writeHead;
        if (url === '/pages/blank.html')
          response.writeHead = (status, headers) =>
            writeHead.call(response, status, { ...headers, 'Content-Security-Policy': policy });
        return false;
      },
    },
    expected: [/^console: .*Content Security Policy/],
  });
  const { error } = await start(page);
  t.diagnostic(`${error?.code}: ${error?.message}`);
  assert.equal(error?.code, 'no_wasm');
  assert.match(error.message, /wasm-unsafe-eval/);
  assert.deepEqual(await ask(page, 'title'), {
    ...{ ids: ['a'], stage: 'lexical', final: true, code: 'no_wasm' },
  });
  assert.deepEqual((await ask(page, 'passage')).ids, [], 'only titles are searched');
});

test('a worker script that is not there is reported', async (t) => {
  const { page } = await openPackage(t, {
    expected: [/^console: Failed to load resource: the server responded with a status of 404/],
  });
  const { error, code } = await page.evaluate(async () => {
    const search = await docsift.createSearch({ workerUrl: '/dist/absent-worker.js' });
    const { error } = await outcome(search.add([{ id: 'a', title: 'A title', body: '' }]));
    const { hits, reason } = await search.query('title');
    return { error, code: hits.length === 1 && reason?.code };
  });
  assert.equal(code, 'worker_failed');
  t.diagnostic(`${error?.code}: ${error?.message}`);
  assert.equal(error?.code, 'worker_failed');
});

test('a worker script that never comes is given up', { timeout: 120_000 }, async (t) => {
  const { page } = await openPackage(t, {
    // Taken, and not answered.
    server: { intercept: ({ url = '' }) => url.startsWith('/dist/worker.js') },
  });
  await page.clock.install();
  await page.evaluate(() => {
    const asked = async () => {
      const search = await docsift.createSearch();
      const { error } = await outcome(search.add([{ id: 'a', title: 'A title', body: '' }]));
      const { hits, reason } = await search.query('title');
      return { error, hits: hits.length, code: reason?.code };
    };
    asked().then((answer) => {
      window.answer = answer;
    });
  });
  const answer = () => page.evaluate(() => window.answer);
  for (let seconds = 0; seconds < 180 && !(await answer()); seconds += 5) {
    await page.clock.runFor(5000);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { error, ...found } = (await answer()) ?? {};
  assert.deepEqual(found, { hits: 1, code: 'worker_failed' });
  assert.equal(error?.code, 'worker_failed');
  assert.match(error.message, /no answer within 60 s/);
});
