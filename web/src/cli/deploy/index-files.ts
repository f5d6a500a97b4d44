/** The index in the folder to deploy: where it lies, how it is read again and how it is written. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DocsiftError, messageOf } from '../../errors.js';
import type { Saved } from '../engine/indexer.js';

const INDEX_FILE = 'index.docsift';

/** The index that an earlier run wrote; `undefined` where there is none. */
export async function readIndex(folder: string): Promise<ArrayBuffer | undefined> {
  try {
    return Uint8Array.from(await readFile(path.join(folder, INDEX_FILE))).buffer;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DocsiftError('invalid_index', `${path.join(folder, INDEX_FILE)}: ${messageOf(thrown)}`);
  }
}

/** Writes the index; an earlier one is there until the new one is whole. Returns its length. */
export async function writeIndex(folder: string, { bytes }: Saved): Promise<number> {
  await writeWhole(path.join(folder, INDEX_FILE), new Uint8Array(bytes));
  return bytes.byteLength;
}

/** Writes a file under another name first, so that a run that is broken off leaves no half of one. */
export async function writeWhole(file: string, content: Uint8Array | string): Promise<void> {
  const unfinished = `${file}.${process.pid}.part`;
  await writeFile(unfinished, content);
  await rename(unfinished, file);
}
