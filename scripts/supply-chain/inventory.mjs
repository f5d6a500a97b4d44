/** What is in the package beside docsift's own code: the crates in the WebAssembly, the npm packages in `dist/`, the models. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packagesFor, WASM } from '../cargo.mjs';
import { ROOT, runOrFail, StepError } from '../steps.mjs';
import { normalized } from './spdx.mjs';

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string} version
 * @property {string} license an SPDX expression
 * @property {string} folder where its files are on this machine
 * @property {string} purl its address as a package
 * @property {string[]} files of the package that it is in
 */

const byName = (/** @type {Part} */ a, /** @type {Part} */ b) => (a.purl < b.purl ? -1 : 1);

/** @returns {Promise<Part[]>} the crates that are linked, not those that only run while compiling */
export async function shippedCrates() {
  const { stdout } = await runOrFail(
    'cargo',
    [
      ...['tree', '--locked', '--package', 'docsift', '--target', WASM, '--edges', 'normal,no-proc-macro'],
      ...['--features', 'relaxed-simd,lexical', '--prefix', 'none', '--format', '{p}'],
    ],
    { todo: 'read the message above' },
  );
  const linked = new Set(
    [...stdout.matchAll(/^(\S+) v(\S+)/gm)].map(([, name, version]) => `${name} ${version}`),
  );
  const packages = await packagesFor(WASM);
  return packages
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} ${version}`))
    .map(({ name, version, license, manifest_path }) => ({
      ...{ name, version, license: normalized(license ?? 'NONE'), folder: path.dirname(manifest_path) },
      ...{ purl: `pkg:cargo/${name}@${version}`, files: ['dist/docsift-*.wasm'] },
    }))
    .sort(byName);
}

/** @returns {Part[]} the npm packages that the last build has bundled */
export function shippedPackages() {
  const list = path.join(ROOT, 'target', 'bundled.json');
  if (!existsSync(list)) throw new StepError('target/bundled.json is missing', 'run `npm run build`');
  /** @type {Map<string, string[]>} */
  const files = new Map();
  for (const [file, folders] of Object.entries(JSON.parse(readFileSync(list, 'utf8')))) {
    for (const folder of folders) files.set(folder, [...(files.get(folder) ?? []), `dist/${file}`]);
  }
  return [...files]
    .map(([folder, inFiles]) => {
      const described = JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8'));
      // Before there were expressions, npm had a list.
      const { name, version, licenses, license = licenses?.[0].type ?? 'NONE' } = described;
      const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
      return { name, version, license, folder: path.join(ROOT, folder), purl, files: inFiles };
    })
    .sort(byName);
}

/**
 * @typedef {object} Model
 * @property {string} id
 * @property {string} file
 * @property {string} sha256
 * @property {string} revision
 * @property {string} license
 * @property {string} provenance
 */

/** @returns {Model[]} */
export function shippedModels() {
  const { models } = JSON.parse(readFileSync(path.join(ROOT, 'models', 'manifest.json'), 'utf8'));
  return Object.entries(models).map(([id, model]) => ({ id, ...model }));
}
