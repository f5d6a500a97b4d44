/** What the package says of what is in it: the licences of others, and the bill of materials. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { shippedCrates, shippedModels, shippedPackages } from '../../scripts/supply-chain/inventory.mjs';
import { FILE, makeLicenses } from '../../scripts/supply-chain/licenses.mjs';
import { problemsOfLicenses, readPolicy } from '../../scripts/supply-chain/policy.mjs';
import { makeSbom } from '../../scripts/supply-chain/sbom.mjs';
import { unpack } from './support/project.mjs';

test('THIRD-PARTY-LICENSES is of today', async () => {
  assert.equal(await readFile(FILE, 'utf8'), await makeLicenses(), 'run `npm run licenses`');
});

test('and names every crate, npm package and model, each under a licence that deny.toml allows', async (t) => {
  const text = await readFile(FILE, 'utf8');
  const [crates, packages, models] = [await shippedCrates(), shippedPackages(), shippedModels()];
  t.diagnostic(`${crates.length} crates, ${packages.length} npm packages, ${models.length} models`);
  for (const name of ['candle-core', 'tokenizers', 'wasm-bindgen', 'rust-stemmers'])
    assert.ok(
      crates.some((crate) => crate.name === name),
      name,
    );
  for (const name of ['idb', 'lru-cache', 'parse5'])
    assert.ok(
      packages.some((found) => found.name === name),
      name,
    );
  for (const { name, version } of [...crates, ...packages])
    assert.ok(text.includes(`  ${name} ${version}: `), name);
  for (const { file } of models) assert.ok(text.includes(`  models/${file}: `), file);
  assert.deepEqual(problemsOfLicenses([...crates, ...packages], readPolicy()), []);
});

test('the bill of materials has every part once, with its licence, and every file with its hash', async (t) => {
  const read = await unpack(t);
  const { components, dependencies, ...bill } = await makeSbom();
  assert.deepEqual([bill.bomFormat, bill.specVersion], ['CycloneDX', '1.6']);
  const refs = components.map((component) => component['bom-ref']);
  assert.equal(new Set(refs).size, refs.length);
  assert.deepEqual(dependencies[0].dependsOn, refs);
  const kinds = byType(components);
  for (const { name, version, purl, licenses } of kinds.library) {
    assert.ok(licenses[0].expression ?? licenses[0].license.id, name);
    assert.match(purl, /^pkg:(cargo|npm)\/[^ ]+@[^ ]+$/);
    assert.ok(purl.endsWith(`@${version}`), purl);
  }
  const hashed = [...kinds.file, ...kinds['machine-learning-model']];
  assert.ok(hashed.length > 10);
  for (const component of hashed) {
    const bytes = await read(component['bom-ref']);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual(component.hashes, [{ alg: 'SHA-256', content: sha256 }], component['bom-ref']);
  }
});

/** @param {{ type: string }[]} components */
function byType(components) {
  /** @type {Record<string, any[]>} */
  const kinds = {};
  for (const component of components) kinds[component.type] = [...(kinds[component.type] ?? []), component];
  return kinds;
}
