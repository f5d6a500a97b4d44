/** What `npm publish` would publish: the files, their sizes, the entry points and their types. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ROOT, run } from '../../scripts/steps.mjs';
import { ALLOWED, BUDGETS, LARGEST_FILE, TARBALL } from './contents.mjs';
import { unpack } from './support/project.mjs';
import { packOnce } from './support/tarball.mjs';

/** What can be imported, and a name that each exports. */
const MODULES = {
  docsift: 'createSearch',
  'docsift/node': 'createSearch',
  'docsift/eval': 'evaluate',
  'docsift/element': 'DocsiftSearchElement',
  'docsift/models': 'embedder',
  'docsift/cdn': 'createSearch',
};
/** What is asked for by its address. */
const FILES = [
  'docsift/worker',
  'docsift/service-worker',
  'docsift/wasm/docsift-relaxed.wasm',
  'docsift/models/manifest.json',
  'docsift/package.json',
];

test('the tarball holds what a user needs, and nothing else', async (t) => {
  const { files, size } = await packOnce();
  t.diagnostic(`${files.length} files, ${size} bytes`);
  const unknown = files.filter((file) => !ALLOWED.some((pattern) => pattern.test(file.path)));
  assert.deepEqual(unknown, [], 'files that tests/package/contents.mjs does not allow');
  for (const pattern of ALLOWED) {
    assert.ok(
      files.some((file) => pattern.test(file.path)),
      `nothing fits ${pattern}`,
    );
  }
  assert.deepEqual(
    files.filter((file) => file.size >= LARGEST_FILE),
    [],
    'files that static hosts refuse',
  );
  assert.ok(size <= TARBALL, `the tarball is ${size} bytes; its budget is ${TARBALL}`);
});

test('every file keeps to its size', async (t) => {
  const read = await unpack(t);
  for (const { file, gzip, bytes } of BUDGETS) {
    const content = await read(file);
    const found = gzip === undefined ? content.length : gzipSync(content, { level: 9 }).length;
    const budget = gzip ?? bytes;
    t.diagnostic(`${file}: ${found} of ${budget} bytes${gzip === undefined ? '' : ', gzip'}`);
    assert.ok(
      found <= budget,
      `${file}: ${found} bytes; its budget in tests/package/contents.mjs is ${budget}`,
    );
  }
});

test('publint finds nothing', async () => {
  const { file } = await packOnce();
  const { code, output } = await run(process.execPath, [bin('publint'), file, '--strict']);
  assert.equal(code, 0, output);
  assert.match(output, /All good!/);
});

test('are the types wrong? finds nothing', async () => {
  const { file } = await packOnce();
  const args = [bin('@arethetypeswrong/cli', 'attw'), file, '--profile', 'esm-only', '--format', 'json'];
  const { code, stdout, output } = await run(process.execPath, args);
  assert.equal(code, 0, output);
  const { entrypoints } = JSON.parse(stdout).analysis;
  for (const name of [...Object.keys(MODULES), ...FILES.slice(0, 2)])
    assert.ok(entrypoints[name.replace('docsift', '.')], `${name} was looked at`);
});

test('every entry can be imported where there is no DOM, and does nothing there', async (t) => {
  const read = await unpack(t);
  const program = `
    const before = Object.keys(globalThis).sort().join();
    const found = {};
    for (const name of ${JSON.stringify(Object.keys(MODULES))}) found[name] = Object.keys(await import(name));
    for (const name of ${JSON.stringify(FILES)}) found[name] = import.meta.resolve(name);
    found.globals = Object.keys(globalThis).sort().join() === before;
    console.log(JSON.stringify(found));`;
  // The package refers to itself by its name.
  const { code, stdout, output } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: read.folder,
  });
  assert.equal(code, 0, output);
  const found = JSON.parse(stdout);
  for (const [name, exported] of Object.entries(MODULES)) assert.ok(found[name].includes(exported), name);
  for (const name of FILES) assert.ok((await read.exists(new URL(found[name]))) === true, found[name]);
  assert.ok(found.globals, 'no global was added');
});

/**
 * The program of an installed package.
 *
 * @param {string} name
 * @param {string} [command]
 */
function bin(name, command = name) {
  const folder = path.join(ROOT, 'node_modules', name);
  const { bin: programs } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof programs === 'string' ? programs : programs[command]);
}
