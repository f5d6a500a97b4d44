/** A deployed folder as `docsift index` writes it, with the small random models: all there is, and loaded in no time. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../../../scripts/steps.mjs';
import { docsift, scratch } from '../../cli/support.mjs';
import { SMALL_EMBEDDER, SMALL_RERANKER } from './package.mjs';

const sha256 = (/** @type {Buffer} */ bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * The manifest of the small models.
 *
 * @param {(role: string) => string} fileOf where it says that a model is
 */
export async function smallManifest(fileOf) {
  const manifest = { version: 1, defaults: {}, models: {} };
  for (const [role, source] of Object.entries({ embedder: SMALL_EMBEDDER, reranker: SMALL_RERANKER })) {
    const bytes = await readFile(path.join(ROOT, 'tests', source));
    manifest.models[`small-${role}`] = {
      ...{ role, file: fileOf(role), bytes: bytes.length, sha256: sha256(bytes), revision: '1' },
      ...{ license: 'Apache-2.0', provenance: 'random numbers' },
    };
    manifest.defaults[role] = `small-${role}`;
  }
  return manifest;
}

/**
 * @param {import('node:test').TestContext} t
 * @returns {Promise<{ folder: string, part: string, hashes: Set<string> }>} the folder, which is to be served as
 *   `/docsift/`; the name of the part that holds its words; and the SHA-256 of every file in it
 */
export async function makeSmallSite(t) {
  const models = path.join(await scratch(t), 'models');
  await mkdir(models);
  const fileOf = (/** @type {string} */ role) => `small-${role}.gguf`;
  await copyFile(path.join(ROOT, 'tests', SMALL_EMBEDDER), path.join(models, fileOf('embedder')));
  await copyFile(path.join(ROOT, 'tests', SMALL_RERANKER), path.join(models, fileOf('reranker')));
  const manifest = await smallManifest(fileOf);
  await writeFile(path.join(models, 'manifest.json'), JSON.stringify(manifest));

  const folder = path.join(await scratch(t), 'docsift');
  const site = await scratch(t, 'markdown');
  const { code, stderr } = await docsift(['index', site, '--models', models, '--out', folder]);
  assert.equal(code, 0, stderr);
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => path.join(entry.path, entry.name));
  const hashes = await Promise.all(files.map(async (file) => sha256(await readFile(file))));
  const part = names.find(({ name }) => /^lexical\..*\.bin$/.test(name))?.name;
  assert.ok(part, 'an index was written');
  return { folder, part, hashes: new Set(hashes) };
}
