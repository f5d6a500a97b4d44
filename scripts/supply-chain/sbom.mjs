/**
 * `npm run sbom`: writes target/sbom.cdx.json, the bill of materials of the package in CycloneDX 1.6: docsift's files with
 * their hashes, and what is in them. Needs a build. The same package gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMain, ROOT, runMain, step } from '../steps.mjs';
import { shippedCrates, shippedModels, shippedPackages } from './inventory.mjs';

const OUT = path.join(ROOT, 'target', 'sbom.cdx.json');

/** @typedef {import('./inventory.mjs').Part} Part */

/** @returns {Promise<Record<string, any>>} */
export async function makeSbom() {
  const { name, version, description, license } = JSON.parse(
    readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  );
  const libraries = [...(await shippedCrates()), ...shippedPackages()].map(library);
  const models = shippedModels().map(({ id, file, sha256, revision, license, provenance }) => ({
    ...{ type: 'machine-learning-model', 'bom-ref': `models/${file}`, name: id, version: revision },
    ...{
      description: provenance,
      hashes: [{ alg: 'SHA-256', content: sha256 }],
      licenses: licensed(license),
    },
  }));
  const files = readdirSync(path.join(ROOT, 'dist'))
    .filter((file) => /\.(js|wasm)$/.test(file))
    .sort()
    .map((file) => ({
      ...{ type: 'file', 'bom-ref': `dist/${file}`, name: `dist/${file}` },
      hashes: [{ alg: 'SHA-256', content: sha256Of(path.join(ROOT, 'dist', file)) }],
    }));
  const components = [...libraries, ...models, ...files];
  const ref = `pkg:npm/${name}@${version}`;
  return {
    ...{
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
    },
    version: 1,
    metadata: {
      component: {
        ...{ type: 'library', 'bom-ref': ref, name, version, description, purl: ref },
        licenses: licensed(license),
      },
    },
    components,
    dependencies: [{ ref, dependsOn: components.map((component) => component['bom-ref']) }],
  };
}

/** @param {Part} part */
function library({ name, version, license, purl, files }) {
  return {
    ...{ type: 'library', 'bom-ref': purl, name, version, purl, licenses: licensed(license) },
    properties: files.map((file) => ({ name: 'docsift:file', value: file })),
  };
}

/** @param {string} license */
function licensed(license) {
  return / /.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

/** @param {string} file */
function sha256Of(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

if (isMain(import.meta.url)) {
  await runMain(() =>
    step('Bill of materials', async (_report, note) => {
      const bill = await makeSbom();
      writeFileSync(OUT, `${JSON.stringify(bill, undefined, 2)}\n`);
      note(`${bill.components.length} components in ${path.relative(ROOT, OUT)}`);
    }),
  );
}
