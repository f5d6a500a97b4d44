/** The index in the folder to deploy: how it is read again and how it is written. */
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ExportedIndex } from '../../engine/protocol.js';
import { DocsiftError } from '../../errors.js';
import { INDEX_FILE, PART_FILE, SiteIndex } from '../../site-index.js';

const compress = promisify(gzip);

/** The index that an earlier run wrote; `undefined` where there is none, or none that can be used. */
export async function readIndex(folder: string): Promise<SiteIndex | undefined> {
  try {
    return await SiteIndex.open(path.join(folder, INDEX_FILE), { cache: false, onProgress: () => {} });
  } catch (thrown) {
    if (isUnusable(thrown)) return undefined;
    throw thrown;
  }
}

/** Whether an index, or a part of it, is damaged, missing, or of another version. */
export function isUnusable(thrown: unknown): boolean {
  return ['invalid_index', 'integrity', 'download_failed'].includes(DocsiftError.from(thrown).code);
}

/**
 * Writes the index, its parts in gzip; an earlier one is whole until the new one is. Parts that are there already are left as
 * they are. Returns the length of all files.
 */
export async function writeIndex(folder: string, { manifest, files, parts }: ExportedIndex): Promise<number> {
  let total = manifest.byteLength;
  for (const [i, name] of files.entries()) {
    const file = path.join(folder, name);
    const bytes = await compress(parts[i] as Uint8Array);
    total += bytes.byteLength;
    const there = await readFile(file).catch(() => undefined);
    if (!there?.equals(bytes)) await writeWhole(file, bytes);
  }
  await writeWhole(path.join(folder, INDEX_FILE), manifest);
  const current = new Set(files);
  const earlier = (await readdir(folder)).filter((name) => PART_FILE.test(name) && !current.has(name));
  await Promise.all(earlier.map((name) => rm(path.join(folder, name))));
  return total;
}

/** Writes a file under another name first, so that a run that is broken off leaves no half of one. */
export async function writeWhole(file: string, content: Uint8Array | string): Promise<void> {
  const unfinished = `${file}.${process.pid}.part`;
  await writeFile(unfinished, content);
  await rename(unfinished, file);
}
