import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { DocsiftError } from '../src/errors.js';
import { loadRuntime, RELAXED_PROBE, runnableVariants, SIMD128_PROBE } from '../src/runtime.js';
import { fakeNetwork } from './support/fake-network.js';

/** Whether a Node process with the given flags validates a module. */
function validates(bytes: Uint8Array, ...flags: string[]): boolean {
  const script = `process.stdout.write(String(WebAssembly.validate(Uint8Array.of(${bytes}))))`;
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', script], { encoding: 'utf8' });
  assert.match(stdout, /^(true|false)$/, stderr);
  return stdout === 'true';
}

/** Node 20 has relaxed SIMD behind a flag; later ones have it without, and no such flag. */
const RELAXED = WebAssembly.validate(RELAXED_PROBE) ? [] : ['--experimental-wasm-relaxed-simd'];

test('the probes hold the opcodes that they name', () => {
  assert.equal(validates(SIMD128_PROBE), true);
  assert.equal(validates(RELAXED_PROBE, ...RELAXED), true);
  // The same modules with other opcodes: unknown ones, and known ones of another type.
  for (const at of [0x93, 0x92]) {
    const changed = RELAXED_PROBE.map((byte) => (byte === at ? 0xfe : byte));
    assert.equal(validates(changed, ...RELAXED), false, `0x${at.toString(16)} matters`);
  }
  const changed = SIMD128_PROBE.map((byte) => (byte === 0xba ? 0xa3 : byte));
  assert.equal(validates(changed), false);
  // Engines with relaxed SIMD switched off refuse it.
  const hasRelaxed = validates(RELAXED_PROBE);
  assert.deepEqual(
    runnableVariants((bytes) => WebAssembly.validate(bytes)),
    hasRelaxed ? ['relaxed', 'simd128'] : ['simd128'],
  );
});

const MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
const SHA256 = '93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476';
const binary = { name: 'docsift.wasm', bytes: 8, sha256: SHA256 };
const binaries = { simd128: binary, relaxed: binary };
const URL = 'https://example.org/dist/docsift.wasm';

function load(network: ReturnType<typeof fakeNetwork>, cache = true) {
  return loadRuntime({ urlOf: () => URL, cache, onProgress: () => {} }, binaries, network);
}

test('a bad body is fetched again, and only the good one is kept', async () => {
  const truncated = MODULE.slice(0, 5);
  const altered = MODULE.map((byte, i) => (i === 4 ? 2 : byte));
  const network = fakeNetwork(truncated, altered, MODULE);
  const { module } = await load(network);
  assert.ok(module instanceof WebAssembly.Module);
  assert.equal(network.requests.length, 3);
  assert.deepEqual(
    network.requests.map(({ cache }) => cache),
    ['default', 'reload', 'reload'],
  );
  assert.deepEqual(network.kept('docsift-runtime'), [`${URL}?sha256=${SHA256}`]);

  await load(network);
  assert.equal(network.requests.length, 3, 'the second load comes from the cache');
});

test('gives up after three attempts with the code of the last fault, and keeps nothing', async () => {
  const html = new TextEncoder().encode('<!doctype html><title>Not found</title>');
  const network = fakeNetwork(new TypeError('network'), 503, html, MODULE);
  await assert.rejects(load(network), (error) => error instanceof DocsiftError && error.code === 'integrity');
  assert.equal(network.requests.length, 3);
  assert.deepEqual(network.kept('docsift-runtime'), []);
});

test('does not ask again for what is not there', async () => {
  const network = fakeNetwork(404, MODULE);
  await assert.rejects(load(network), /download_failed|HTTP status 404/);
  assert.equal(network.requests.length, 1);
});

test('drops a damaged copy, and what an earlier release left', async () => {
  const network = fakeNetwork(MODULE, MODULE);
  const cache = await network.caches.open('docsift-runtime');
  await cache.put(`${URL}?sha256=${SHA256}`, new Response(MODULE.slice(1)));
  await cache.put(`${URL}?sha256=00`, new Response('older'));
  await cache.put('https://example.org/other.wasm?sha256=00', new Response('of another page'));
  await load(network);
  assert.equal(network.requests.length, 1);
  assert.deepEqual(network.kept('docsift-runtime').sort(), [
    `${URL}?sha256=${SHA256}`,
    'https://example.org/other.wasm?sha256=00',
  ]);
});

test('without a hash function, in an insecure context, the length is checked', async (t) => {
  t.mock.getter(globalThis.crypto, 'subtle', () => undefined);
  const network = fakeNetwork(MODULE.slice(1), MODULE);
  await load(network);
  assert.equal(network.requests.length, 2);
});

test('works without a cache, with a full one, and when told not to use it', async () => {
  const full = fakeNetwork(MODULE);
  full.failPut = true;
  await load(full);
  assert.deepEqual(full.kept('docsift-runtime'), []);
  await load({ ...fakeNetwork(MODULE), caches: undefined } as never);
  const unused = fakeNetwork(MODULE);
  await load(unused, false);
  assert.deepEqual(unused.kept('docsift-runtime'), []);
});
