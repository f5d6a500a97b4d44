/** The index in the folder to deploy: where it lies, how it is read again and how it is written. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DocsiftError, messageOf } from '../../errors.js';
import { type IndexManifest, parseIndexManifest } from '../../site-index.js';

/** The one file whose name a page knows. */
export const INDEX_FILE = 'index.json';
const COLLECTION = /^index\.[0-9a-f]{16}\.docsift$/;

/** The index that an earlier run wrote; `undefined` where there is none, or one of another version. */
export async function readIndex(folder: string): Promise<ArrayBuffer | undefined> {
  const file = path.join(folder, INDEX_FILE);
  try {
    const { file: collection } = parseIndexManifest(await readFile(file, 'utf8'), file);
    return Uint8Array.from(await readFile(path.join(folder, collection))).buffer;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DocsiftError('invalid_index', `${file}: ${messageOf(thrown)}`);
  }
}

/** What is said of a collection beside its bytes. */
export type About = Pick<IndexManifest, 'model' | 'documents' | 'passages'>;

/** Writes the index; an earlier one is there until the new one is whole. Returns the collection's length. */
export async function writeIndex(folder: string, bytes: Uint8Array, about: About): Promise<number> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = `index.${sha256.slice(0, 16)}.docsift`;
  const manifest: IndexManifest = {
    ...{ format: 'docsift-index', version: 1, ...about },
    ...{ file, bytes: bytes.byteLength, sha256 },
  };
  await writeWhole(path.join(folder, file), bytes);
  await writeWhole(path.join(folder, INDEX_FILE), `${JSON.stringify(manifest, null, 1)}\n`);
  const earlier = (await readdir(folder)).filter((name) => COLLECTION.test(name) && name !== file);
  await Promise.all(earlier.map((name) => rm(path.join(folder, name))));
  return bytes.byteLength;
}

/** Writes a file under another name first, so that a run that is broken off leaves no half of one. */
export async function writeWhole(file: string, content: Uint8Array | string): Promise<void> {
  const unfinished = `${file}.${process.pid}.part`;
  await writeFile(unfinished, content);
  await rename(unfinished, file);
}
