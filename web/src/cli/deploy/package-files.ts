/** What a page needs beside the index: the runtime, the element and the models, copied out of the package. */
import { copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findModel, type Manifest, type ManifestModel, parseManifest } from '../../manifest.js';
import { writeWhole } from './index-files.js';

/** `dist/`, where this program lies, and the models beside it. */
const DIST = fileURLToPath(new URL('.', import.meta.url));
export const PACKAGED_MODELS = fileURLToPath(new URL('../models/', import.meta.url));

/** The files of `dist/` that no page asks for: those of Node, those for bundlers and delivery networks, and maps. */
const NOT_DEPLOYED = /^(cli|node|eval|models|docsift\.cdn)([.-]|$)|\.(map|txt|d\.ts)$/;

/** What has to come along with the runtime and the models wherever they go. */
const LICENCES = ['LICENSE', 'NOTICE', 'THIRD-PARTY-LICENSES'];

/** Copies the runtime; returns the names of its files. */
export async function copyRuntime(out: string): Promise<string[]> {
  const entries = await readdir(DIST, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !NOT_DEPLOYED.test(entry.name))
    .map(({ name }) => name);
  for (const name of names) await copyIfNewer(path.join(DIST, name), path.join(out, name));
  for (const name of LICENCES) await copyIfNewer(path.join(DIST, '..', name), path.join(out, name));
  return [...names, ...LICENCES].sort();
}

export interface ModelChoices {
  /** The folder of `manifest.json`. */
  folder: string;
  embedder?: string | undefined;
  reranker?: string | undefined;
}

/**
 * Copies the two models in use, and an embedder whose words the reranker needs, with a manifest of them alone, to
 * `models/`; returns how many bytes they are.
 */
export async function copyModels(out: string, { folder, embedder, reranker }: ModelChoices): Promise<number> {
  const file = path.join(folder, 'manifest.json');
  const manifest = parseManifest(await readFile(file, 'utf8'), file);
  const chosen = {
    embedder: idOf(manifest, 'embedder', embedder),
    reranker: idOf(manifest, 'reranker', reranker),
  };
  const target = path.join(out, 'models');
  await mkdir(target, { recursive: true });
  const models: Manifest['models'] = {};
  let bytes = 0;
  const { words = chosen.embedder } = findModel(manifest, 'reranker', chosen.reranker);
  for (const id of new Set([chosen.embedder, words, chosen.reranker])) {
    const model = manifest.models[id] as ManifestModel;
    models[id] = model;
    bytes += model.bytes;
    await mkdir(path.dirname(path.join(target, model.file)), { recursive: true });
    await copyIfNewer(path.join(folder, model.file), path.join(target, model.file));
  }
  await writeWhole(
    path.join(target, 'manifest.json'),
    `${JSON.stringify({ version: 1, defaults: chosen, models }, null, 2)}\n`,
  );
  return bytes;
}

/** The id of a model; throws `invalid_manifest` where there is none for the role. */
function idOf(manifest: Manifest, role: 'embedder' | 'reranker', id: string | undefined): string {
  const model = findModel(manifest, role, id);
  return Object.entries(manifest.models).find(([, candidate]) => candidate === model)?.[0] as string;
}

async function copyIfNewer(from: string, to: string): Promise<void> {
  const [source, target] = await Promise.all([stat(from), stat(to).catch(() => undefined)]);
  if (target && target.size === source.size && target.mtimeMs >= source.mtimeMs) return;
  await copyFile(from, to);
}
