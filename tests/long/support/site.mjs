/** An index as `docsift index` writes it, made in this process by the engine itself. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from '../../browser/harness.mjs';

/**
 * Writes an engine's documents into a folder that is gone when the test ends.
 *
 * @param {import('node:test').TestContext} t
 * @param {any} engine
 * @returns {Promise<{ folder: string, bytes: number }>}
 */
export async function writeSite(t, engine) {
  const folder = await makeFolder(t, 'site');
  const { manifest, files, parts } = engine.exportParts('stand-in');
  await writeFile(path.join(folder, 'index.json'), manifest);
  for (const [i, file] of files.entries()) await writeFile(path.join(folder, file), parts[i]);
  const bytes = parts.reduce(
    (/** @type {number} */ sum, /** @type {Uint8Array} */ { length }) => sum + length,
    0,
  );
  return { folder, bytes: bytes + manifest.length };
}
