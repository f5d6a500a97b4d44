import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { EngineClient } from '../src/engine/client.js';
import { DocsiftError } from '../src/errors.js';
import { loadManifest } from '../src/manifest.js';
import { fetchFile } from '../src/node/files.js';
import { absolute, network } from '../src/node/platform.js';
import { Thread } from '../src/node/thread.js';

const folder = mkdtempSync(join(tmpdir(), 'docsift-node-'));
const file = join(folder, 'weights.bin');
writeFileSync(file, 'weights');
const sha256 = createHash('sha256').update('weights').digest('hex');
const url = pathToFileURL(file).href;
const noProgress = () => {};

/** The code that a promise rejects with. */
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error) => (error instanceof DocsiftError ? error.code : String(error)),
  );

test('paths and addresses are told apart', () => {
  assert.equal(absolute('models/').href, pathToFileURL('models/').href);
  assert.ok(absolute('models/').pathname.endsWith('/'));
  assert.equal(fileURLToPath(absolute('a b#c.gguf')), join(process.cwd(), 'a b#c.gguf'));
  assert.equal(absolute('https://example.org/models/').href, 'https://example.org/models/');
  assert.equal(absolute(new URL(url)).href, url);
  assert.throws(() => absolute('https://'), { code: 'invalid_options' });
});

test('a file from disk is verified', async () => {
  const seen: number[] = [];
  const bytes = await fetchFile(url, { sha256, bytes: 7 }, true, (loaded) => seen.push(loaded));
  assert.equal(new TextDecoder().decode(bytes), 'weights');
  assert.equal(bytes.byteLength, bytes.buffer.byteLength);
  assert.deepEqual(seen, [7]);
  assert.equal(await codeOf(fetchFile(url, { bytes: 8 }, true, noProgress)), 'integrity');
  assert.equal(await codeOf(fetchFile(url, { sha256: '0'.repeat(64) }, true, noProgress)), 'integrity');
  assert.equal(await codeOf(fetchFile(`${url}.gone`, {}, true, noProgress)), 'download_failed');
});

test('a file from a server is verified, and a refusal is an error', async () => {
  const server = createServer(({ url: path }, response) => {
    response.statusCode = path === '/weights' ? 200 : path === '/gone' ? 404 : 500;
    response.end('weights');
  });
  after(() => server.close());
  await new Promise<void>((ready) => server.listen(0, ready));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  assert.equal((await fetchFile(`${origin}/weights`, { sha256 }, true, noProgress)).byteLength, 7);
  assert.equal(await codeOf(fetchFile(`${origin}/gone`, {}, true, noProgress)), 'download_failed');
  assert.equal(await codeOf(fetchFile(`${origin}/broken`, {}, true, noProgress)), 'download_failed');
});

test('the manifest is read from disk; one that is not there is said to be missing, at once', async () => {
  const manifest = join(folder, 'manifest.json');
  writeFileSync(manifest, '{"version":1,"defaults":{},"models":{}}');
  const read = (path: string) => loadManifest(pathToFileURL(path).href, true, network());
  assert.deepEqual((await read(manifest)).models, {});
  await assert.rejects(read(join(folder, 'no.json')), { code: 'download_failed', message: /no\.json.*404/ });
});

function thread(name: string, script: string): EngineClient {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, `import { parentPort } from 'node:worker_threads';\n${script}`);
  const client = new EngineClient(new Thread(pathToFileURL(path)));
  after(() => client.close(new DocsiftError('closed', 'the test is over')));
  return client;
}

test('a thread answers requests, and its death rejects what waits', async () => {
  const answering = thread(
    'answers',
    `parentPort.on('message', ({ id, call }) => {
      if (call === 'counts') throw new Error('out of memory');
      if (call === 'pending') process.exit(3);
      parentPort.postMessage({ id, type: 'progress', loaded: 1, total: 2 });
      parentPort.postMessage({ id, type: 'result', value: 42 });
    });`,
  );
  assert.equal(await answering.call('memory', {}), 42);
  await assert.rejects(answering.call('counts', {}), { code: 'worker_crashed', message: /out of memory/ });
  assert.equal(answering.dead?.code, 'worker_crashed');
  const leaving = thread('leaves', `parentPort.on('message', () => process.exit(3));`);
  await assert.rejects(leaving.call('memory', {}), { code: 'worker_failed', message: /exit code 3/ });
});

test('a thread whose script is missing is an error', async () => {
  const client = new EngineClient(new Thread(pathToFileURL(join(folder, 'missing.mjs'))));
  await assert.rejects(client.call('memory', {}), { code: 'worker_failed' });
});
