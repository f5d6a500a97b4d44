/** The index in the folder to deploy: how it is read again and how it is written. */
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ExportedIndex } from '../../engine/protocol.js';
import { DocsiftError } from '../../errors.js';
import { INDEX_FILE, SiteIndex } from '../../site-index.js';

const PART = /^(documents|lexical|vectors|texts)\.[0-9a-f]{16}\.bin$/;

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
 * Writes the index; an earlier one is whole until the new one is. Parts that are there already are left as they are.
 * Returns the length of all files.
 */
export async function writeIndex(folder: string, { manifest, files, parts }: ExportedIndex): Promise<number> {
  for (const [i, file] of files.entries()) {
    const bytes = parts[i] as Uint8Array;
    const there = await stat(path.join(folder, file)).catch(() => undefined);
    if (there?.size !== bytes.byteLength) await writeWhole(path.join(folder, file), bytes);
  }
  await writeWhole(path.join(folder, INDEX_FILE), manifest);
  const current = new Set(files);
  const earlier = (await readdir(folder)).filter((name) => PART.test(name) && !current.has(name));
  await Promise.all(earlier.map((name) => rm(path.join(folder, name))));
  return parts.reduce((sum, { byteLength }) => sum + byteLength, manifest.byteLength);
}

/** Writes a file under another name first, so that a run that is broken off leaves no half of one. */
export async function writeWhole(file: string, content: Uint8Array | string): Promise<void> {
  const unfinished = `${file}.${process.pid}.part`;
  await writeFile(unfinished, content);
  await rename(unfinished, file);
}
