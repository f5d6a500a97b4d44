/** The package as npm publishes it, made once for all tests of a run. */
import { readdirSync, statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT, runOrFail } from '../../../scripts/steps.mjs';

const FOLDER = path.join(ROOT, 'target', 'package');
/** What the tarball is made of. */
const SOURCES = ['dist', 'models', 'package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'NOTICE'];

/**
 * Packs the package, unless what lies there is newer than everything in it.
 *
 * @returns {Promise<{ file: string, files: { path: string, size: number }[], size: number }>} `size` of the tarball and
 *   of each file, in bytes
 */
export async function packOnce() {
  await mkdir(FOLDER, { recursive: true });
  const list = path.join(FOLDER, 'contents.json');
  const made = statSync(list, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = Math.max(...SOURCES.map((source) => newestIn(path.join(ROOT, source))));
  if (made < newest) {
    const { stdout } = await runOrFail('npm', ['pack', '--json', '--pack-destination', FOLDER], {
      todo: 'see what npm says above',
    });
    await writeFile(list, stdout);
  }
  const [packed] = JSON.parse(await readFile(list, 'utf8'));
  return { file: path.join(FOLDER, packed.filename), files: packed.files, size: packed.size };
}

/**
 * The time of the youngest file, in milliseconds.
 *
 * @param {string} file or folder
 * @returns {number}
 */
function newestIn(file) {
  const info = statSync(file);
  if (!info.isDirectory()) return info.mtimeMs;
  return Math.max(info.mtimeMs, ...readdirSync(file).map((name) => newestIn(path.join(file, name))));
}
