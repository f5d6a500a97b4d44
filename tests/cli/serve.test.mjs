/** `docsift serve`. What the server does with hostile paths is in `tests/scripts/serve.test.mjs`. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { SITES } from './support.mjs';

/**
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 */
async function serving(t, ...args) {
  const server = spawn(process.execPath, [path.join(ROOT, 'dist', 'cli.js'), 'serve', ...args]);
  t.after(() => server.kill('SIGKILL'));
  const [data] = await once(server.stdout, 'data');
  return { server, url: String(data).trim() };
}

test('serves a folder with the strict policy, and addresses without .html', async (t) => {
  const { server, url } = await serving(t, path.join(SITES, 'vitepress'), '--port', '0');
  const page = await fetch(`${url}guide/markdown`);
  assert.equal(page.status, 200);
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  const policy = page.headers.get('content-security-policy') ?? '';
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'/);
  assert.equal((await fetch(`${url}nothing`)).status, 404);
  server.kill('SIGTERM');
  assert.deepEqual(await once(server, 'exit'), [0, null]);
});

test('serves below a path, sends folders their slash, and no policy when asked', async (t) => {
  const { url } = await serving(
    t,
    path.join(SITES, 'starlight'),
    '--port',
    '0',
    '--base-url',
    '/docs',
    '--no-csp',
  );
  assert.match(url, /\/docs\/?$/);
  const folder = await fetch(`${url.replace(/\/$/, '')}/guides/backups`, { redirect: 'manual' });
  assert.equal(folder.status, 301);
  assert.equal(folder.headers.get('location'), '/docs/guides/backups/');
  const page = await fetch(`${url.replace(/\/$/, '')}/guides/backups/`);
  assert.equal(page.status, 200);
  assert.equal(page.headers.get('content-security-policy'), null);
});
