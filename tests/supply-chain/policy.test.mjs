/** What docsift is made of: licences, sources, checksums, and code that is run when it is installed. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { packagesFor, WASM } from '../../scripts/cargo.mjs';
import { ROOT } from '../../scripts/steps.mjs';
import {
  problemsOfCargoLock,
  problemsOfLicenses,
  problemsOfNpmLock,
  read,
  readPolicy,
} from '../../scripts/supply-chain/policy.mjs';

const POLICY = readPolicy();
const SUM = 'a'.repeat(64);
const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index';

/** Every lock file of npm in the repository. */
function npmLocks() {
  const projects = path.join('tests', 'package', 'projects');
  const folders = [
    '.',
    'bench',
    'eval',
    ...readdirSync(path.join(ROOT, projects)).map((name) => path.join(projects, name)),
  ];
  return folders
    .map((folder) => path.join(folder, 'package-lock.json'))
    .filter((file) => readdirSync(path.join(ROOT, path.dirname(file))).includes('package-lock.json'));
}

test('the crates have licences that deny.toml allows', async (t) => {
  const packages = await packagesFor(WASM);
  t.diagnostic(`${packages.length} crates`);
  assert.ok(packages.length > 100);
  assert.deepEqual(problemsOfLicenses(packages, POLICY), []);
});

for (const lock of ['Cargo.lock', 'crate/fuzz/Cargo.lock', 'bench/candle/Cargo.lock']) {
  test(`the crates of ${lock} are from crates.io, have a checksum, and none is banned`, () => {
    // What docsift is tested with and measured against may have what docsift does without.
    const policy = lock === 'Cargo.lock' ? POLICY : { ...POLICY, banned: new Set() };
    assert.deepEqual(problemsOfCargoLock(read(lock), policy), []);
  });
}

test('npm packages have a hash, are from nowhere else, and run no script when they are installed', (t) => {
  const locks = npmLocks();
  t.diagnostic(locks.join(', '));
  assert.ok(locks.length > 5);
  for (const lock of locks) assert.deepEqual(problemsOfNpmLock(read(lock)), [], lock);
});

test('a licence that is not allowed, not named or not understood is found', () => {
  const licensed = (/** @type {string | null} */ license) =>
    problemsOfLicenses([{ name: 'x', version: '1.0.0', license }], POLICY);
  for (const license of ['MIT', 'GPL-3.0 OR MIT', '(MIT OR GPL-2.0) AND ISC', 'GPL-2.0/Apache-2.0'])
    assert.deepEqual(licensed(license), [], license);
  for (const license of [
    null,
    'GPL-3.0',
    'MIT AND GPL-3.0',
    'SEE LICENSE IN FILE',
    'GPL-2.0 WITH GCC-exception-2.0',
  ])
    assert.equal(licensed(license).length, 1, String(license));
});

test('a crate from elsewhere, without a checksum, or banned is found', () => {
  const locked = (/** @type {Record<string, string>} */ fields) =>
    problemsOfCargoLock(
      [
        '[[package]]',
        ...Object.entries(fields).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
      ].join('\n'),
      POLICY,
    );
  const good = { name: 'x', version: '1.0.0', source: CRATES_IO, checksum: SUM };
  assert.deepEqual(locked(good), []);
  assert.deepEqual(locked({ name: 'docsift', version: '0.1.0' }), []);
  assert.equal(locked({ ...good, source: 'git+https://example.com/x' }).length, 1);
  assert.equal(locked({ ...good, source: 'registry+https://example.com/index' }).length, 1);
  assert.equal(locked({ ...good, checksum: '' }).length, 1);
  assert.equal(locked({ ...good, name: 'openssl-sys' }).length, 1);
});

test('an npm package from elsewhere, without a hash, or with a script of its own is found', () => {
  const locked = (/** @type {object} */ fields) =>
    problemsOfNpmLock(
      JSON.stringify({ packages: { '': {}, 'node_modules/x': { version: '1.0.0', ...fields } } }),
    );
  assert.deepEqual(locked({ integrity: 'sha512-x' }), []);
  assert.equal(locked({}).length, 1);
  assert.equal(locked({ integrity: 'sha1-x' }).length, 1);
  assert.equal(locked({ integrity: 'sha512-x', resolved: 'https://example.com/x.tgz' }).length, 1);
  assert.equal(locked({ integrity: 'sha512-x', hasInstallScript: true }).length, 1);
});
