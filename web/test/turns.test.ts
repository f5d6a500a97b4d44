import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { browserNetwork, download } from '../src/download.js';
import { inTurn } from '../src/turns.js';
import { installLocks, setNavigator } from './support/fake-locks.js';
import { fakeNetwork } from './support/fake-network.js';

beforeEach(installLocks);
afterEach(() => {
  setNavigator();
  mock.timers.reset();
});

/** Work that ends when the test says so. */
function work() {
  let end = () => {};
  let begun = 0;
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    begin: () => {
      begun += 1;
      return promise;
    },
    begun: () => begun,
    end: () => end(),
  };
}
const settle = () => new Promise(setImmediate);

test('work of one name is done one after the other, work of another at once', async () => {
  const [first, second, other] = [work(), work(), work()];
  const all = [inTurn('a', first.begin), inTurn('a', second.begin), inTurn('b', other.begin)];
  await settle();
  assert.deepEqual([first.begun(), second.begun(), other.begun()], [1, 0, 1]);
  first.end();
  await settle();
  assert.equal(second.begun(), 1);
  second.end();
  other.end();
  await Promise.all(all);
});

test('what the work was rejected with is told, and the work done once', async () => {
  let begun = 0;
  const failing = async () => {
    begun += 1;
    throw new Error('of the work');
  };
  await assert.rejects(inTurn('a', failing), /of the work/);
  assert.equal(begun, 1);
  assert.equal(await inTurn('a', async () => 'next'), 'next');
});

test('without locks, or where they are refused, the work is done at once', async () => {
  const refuse = async () => {
    throw new DOMException('no locks here', 'SecurityError');
  };
  for (const navigator of [undefined, {}, { locks: { request: refuse } }]) {
    setNavigator(navigator);
    assert.equal(await inTurn('a', async () => 'done'), 'done');
  }
});

test('who never ends is waited for no longer than five minutes', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const [stopped, waiting] = [work(), work()];
  void inTurn('a', stopped.begin);
  const done = inTurn('a', waiting.begin);
  await settle();
  mock.timers.tick(299_999);
  await settle();
  assert.equal(waiting.begun(), 0);
  mock.timers.tick(1);
  await settle();
  assert.equal(waiting.begun(), 1);
  waiting.end();
  await done;
});

test('who is given up waits no longer', async () => {
  const controller = new AbortController();
  void inTurn('a', work().begin);
  const waiting = inTurn('a', async () => controller.signal.aborted, controller.signal);
  await settle();
  controller.abort();
  assert.equal(await waiting, true);
});

const get = (network: ReturnType<typeof fakeNetwork>, policy: 'cache-first' | 'network-first') =>
  download(
    {
      ...{ url: 'https://example.org/file', cacheName: 'test', cacheKey: 'https://example.org/file?1' },
      ...{ policy, maxBytes: 100, accept: (bytes: Uint8Array) => new TextDecoder().decode(bytes) },
    },
    network,
  );

test('a file that several want is fetched once; one that changes, by each', async () => {
  const once = fakeNetwork('file', 'again');
  const all = await Promise.all([1, 2, 3].map(() => get(once, 'cache-first')));
  assert.deepEqual(all, ['file', 'file', 'file']);
  assert.equal(once.requests.length, 1);

  const each = fakeNetwork('file', 'again');
  assert.deepEqual(await Promise.all([1, 2].map(() => get(each, 'network-first'))), ['file', 'again']);
});

test('where it cannot be kept, each fetches it', async () => {
  const network = fakeNetwork('file', 'file');
  network.failPut = true;
  assert.deepEqual(await Promise.all([1, 2].map(() => get(network, 'cache-first'))), ['file', 'file']);
  assert.equal(network.requests.length, 2);
});

test('a frame that is refused its caches has none', () => {
  Object.defineProperty(globalThis, 'caches', {
    get: () => {
      throw new DOMException('the context is sandboxed', 'SecurityError');
    },
    configurable: true,
  });
  try {
    assert.equal(browserNetwork().caches, undefined);
  } finally {
    Reflect.deleteProperty(globalThis, 'caches');
  }
});
