/** The WebAssembly tells nothing of the machine it was built on, and is the same wherever its sources lie. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT, runOrFail } from '../../scripts/steps.mjs';
import { SIZES } from './sizes.mjs';

const BINARIES = ['simd128', 'relaxed', 'lexical'];
const FILES = ['docsift_bg.wasm', 'docsift.js', 'docsift.d.ts'];
/** All that a build reads, beside what is installed. */
const SOURCES = [
  '.cargo',
  'crate',
  'scripts',
  'Cargo.toml',
  'Cargo.lock',
  'package.json',
  'package-lock.json',
];
const INSTALLED = ['node_modules', path.join('target', 'tools')];

const read = (/** @type {string} */ root, /** @type {string} */ binary, /** @type {string} */ file) =>
  readFileSync(path.join(root, 'target', 'wasm', binary, file));
const sha256 = (/** @type {Buffer} */ bytes) => createHash('sha256').update(bytes).digest('hex');

for (const binary of BINARIES) {
  test(`the binary ${binary} names no folder of this machine, and no registry`, () => {
    const text = read(ROOT, binary, 'docsift_bg.wasm').toString('latin1');
    assert.ok(text.includes('.rs'), 'it names the places of its panics');
    const cargo = process.env.CARGO_HOME ?? path.join(homedir(), '.cargo');
    for (const place of [
      ROOT,
      homedir(),
      cargo,
      tmpdir(),
      'registry/src',
      '/home/',
      '/root/',
      '/Users/',
      'C:\\',
    ])
      assert.ok(!text.includes(place), `it names ${place}`);
  });
}

if (SIZES.long) {
  test('a build from nothing in another folder gives the same bytes', { timeout: 3_600_000 }, async (t) => {
    const other = mkdtempSync(path.join(tmpdir(), 'docsift-another-checkout-'));
    t.after(() => rmSync(other, { recursive: true, force: true }));
    const isSource = (/** @type {string} */ file) => path.basename(file) !== 'target';
    for (const source of SOURCES)
      cpSync(path.join(ROOT, source), path.join(other, source), { recursive: true, filter: isSource });
    mkdirSync(path.join(other, 'target'));
    for (const folder of INSTALLED) {
      if (existsSync(path.join(ROOT, folder)))
        symlinkSync(path.join(ROOT, folder), path.join(other, folder), 'dir');
    }
    await runOrFail(process.execPath, ['scripts/build-wasm.mjs'], {
      cwd: other,
      env: { CARGO_TARGET_DIR: undefined },
      report: (line) => process.stderr.write(`${line}\n`),
      todo: 'read the message above',
    });
    for (const binary of BINARIES) {
      for (const file of FILES) {
        const [here, there] = [ROOT, other].map((root) => sha256(read(root, binary, file)));
        t.diagnostic(`${binary}/${file} ${there}`);
        assert.equal(there, here, `${binary}/${file}`);
      }
    }
  });
}
