import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { download } from '../src/download.js';
import { redirectOf } from '../src/redirects.js';

const PAGE = 'https://docs.example/guide/page.html';

beforeEach(() => {
  Object.defineProperty(globalThis, 'location', { value: new URL(PAGE), configurable: true });
});
afterEach(() => {
  Reflect.deleteProperty(globalThis, 'location');
  mock.timers.reset();
});

/** A download of text by a `fetch` of the test's. */
const get = (fetch: (url: string, init: RequestInit) => Promise<Response>, maxBytes = 100) =>
  download(
    {
      ...{ url: 'https://docs.example/file', cacheName: 'test', cacheKey: undefined, maxBytes },
      policy: 'network-first',
      accept: (bytes) => new TextDecoder().decode(bytes),
    },
    { fetch: fetch as typeof globalThis.fetch, caches: undefined, sleep: async () => {} },
  );

test('only files of another origin may be passed on', () => {
  assert.equal(redirectOf('https://docs.example/models/a.gguf'), 'manual');
  assert.equal(redirectOf('../a.gguf'), 'manual');
  assert.equal(redirectOf('https://cdn.example/a.gguf'), 'follow');
  assert.equal(redirectOf('http://docs.example/a.gguf'), 'follow', 'another scheme is another origin');
});

test('a redirect is refused at once, and said to be one', async () => {
  let requests = 0;
  const redirected = async () => {
    requests += 1;
    return Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' });
  };
  await assert.rejects(get(redirected), { code: 'download_failed', message: /redirects to another address/ });
  assert.equal(requests, 1);
});

test('a body that goes on for ever is not read to its end', async () => {
  let chunks = 0;
  const endless = async () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          chunks += 1;
          controller.enqueue(new Uint8Array(10));
        },
      }),
    );
  // `accept` sees that it is too long; here it takes anything.
  assert.equal((await get(endless, 50)).length, 60);
  assert.ok(chunks <= 8, `${chunks} chunks were read`);
});

test('a network that falls silent is given up, and asked again twice', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let requests = 0;
  const silent = (_url: string, { signal }: RequestInit) => {
    requests += 1;
    return new Promise<Response>((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason)),
    );
  };
  const outcome = get(silent).catch((error) => error);
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    while (requests < attempt) await new Promise(setImmediate);
    mock.timers.tick(29_999);
    await new Promise(setImmediate);
    assert.equal(requests, attempt, 'it is waited for');
    mock.timers.tick(1);
  }
  const error = await outcome;
  assert.equal(error.code, 'download_failed');
  assert.match(error.message, /no answer within 30 s/);
});

test('a slow network that sends is waited for', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let send: ReadableStreamDefaultController | undefined;
  const dripping = async (_url: string, { signal }: RequestInit) =>
    new Response(
      new ReadableStream({
        start(controller) {
          send = controller;
          signal?.addEventListener('abort', () => controller.error(signal.reason));
        },
      }),
    );
  const outcome = get(dripping);
  for (const letter of 'slow') {
    await new Promise(setImmediate);
    mock.timers.tick(20_000);
    send?.enqueue(new TextEncoder().encode(letter));
  }
  await new Promise(setImmediate);
  send?.close();
  assert.equal(await outcome, 'slow');
});
