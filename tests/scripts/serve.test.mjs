import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { CONTENT_SECURITY_POLICY, serve } from '../../scripts/serve.mjs';

/** @param {import('node:test').TestContext} t */
async function serveFolder(t) {
  const folder = await mkdtemp(path.join(tmpdir(), 'docsift-serve-'));
  await writeFile(path.join(folder, 'index.html'), '<title>front</title>');
  await writeFile(path.join(folder, 'engine.wasm'), 'wasm');
  await symlink('/etc/passwd', path.join(folder, 'link.txt'));
  const server = await serve({ port: 0, folders: { '/': folder, '/dist/': path.join(folder, 'absent') } });
  t.after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  return server;
}

/**
 * A path as it stands: `fetch` would take its dots away.
 *
 * @param {string} url
 * @param {string} target
 * @returns {Promise<number | undefined>}
 */
function statusOf(url, target) {
  return new Promise((resolve, reject) => {
    request(url, { path: target }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

test('serves files with their type and the policy', async (t) => {
  const { url } = await serveFolder(t);
  const wasm = await fetch(`${url}engine.wasm?x=1`);
  assert.equal(wasm.headers.get('content-type'), 'application/wasm');
  assert.equal(wasm.headers.get('content-security-policy'), CONTENT_SECURITY_POLICY);
  assert.equal(wasm.headers.get('content-length'), '4');
  assert.equal(await wasm.text(), 'wasm');
  assert.equal(await (await fetch(url)).text(), '<title>front</title>');
});

test('answers 304 to a client that has the file', async (t) => {
  const { url } = await serveFolder(t);
  const etag = (await fetch(url)).headers.get('etag') ?? '';
  assert.equal((await fetch(url, { headers: { 'If-None-Match': etag } })).status, 304);
});

for (const target of [
  '/../serve.test.mjs',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/..%2f..%2fetc/passwd',
  '/link.txt',
  '/dist/x.js',
  '/%00',
  '/%zz',
]) {
  test(`has nothing at ${target}`, async (t) => {
    const { url } = await serveFolder(t);
    assert.equal(await statusOf(url, target), 404);
  });
}

test('refuses to be written to', async (t) => {
  const { url } = await serveFolder(t);
  assert.equal((await fetch(url, { method: 'POST' })).status, 405);
});

test('takes another port when the preferred one is taken', async (t) => {
  const first = await serve();
  t.after(() => first.close());
  const second = await serve();
  t.after(() => second.close());
  assert.notEqual(first.url, second.url);
});
