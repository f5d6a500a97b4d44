import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadManifest } from '../src/manifest.js';
import { fakeNetwork } from './support/fake-network.js';

const URL = 'https://example.org/models/manifest.json';
const first = JSON.stringify({ version: 1, defaults: {}, models: {} });
const second = JSON.stringify({ version: 1, defaults: {}, models: {}, changed: true });

test('the manifest is asked for anew, and the last good one serves while the network is off', async () => {
  const network = fakeNetwork(first, second, '<html>captive portal</html>', new TypeError('off'));
  assert.deepEqual(await loadManifest(URL, true, network), JSON.parse(first));
  assert.deepEqual(await loadManifest(URL, true, network), JSON.parse(second));
  assert.deepEqual(await loadManifest(URL, true, network), JSON.parse(second), 'not the portal page');
  assert.deepEqual(await loadManifest(URL, true, network), JSON.parse(second), 'not an error');
  assert.equal(network.requests.length, 4);
});

test('without a good one, the fault is reported after three attempts', async () => {
  const network = fakeNetwork('<html>', '<html>', '<html>', first);
  await assert.rejects(loadManifest(URL, true, network), /found an HTML page/);
  assert.deepEqual(network.kept('docsift-manifest'), []);
});

test('a cache that never answers is given up, file by file', { timeout: 30_000 }, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const never = new Promise<never>(() => {});
  const silent = { match: () => never, put: () => never, keys: () => never, delete: () => never };
  for (const open of [() => never, async () => silent]) {
    const network = fakeNetwork(first);
    const caches = { open } as unknown as CacheStorage;
    const loading = loadManifest(URL, true, { ...network, caches });
    let ended = false;
    loading.finally(() => {
      ended = true;
    });
    while (!ended) {
      await new Promise((resolve) => setImmediate(resolve));
      t.mock.timers.tick(1000);
    }
    assert.deepEqual(await loading, JSON.parse(first));
  }
});
