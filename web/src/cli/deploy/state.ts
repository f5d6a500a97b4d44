/** What an earlier run indexed, so that the next one does only what has changed: `build.json` beside the index. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { SearchDocument } from '../../types.js';
import { writeWhole } from './index-files.js';

const FILE = 'build.json';

export interface State {
  /** The version of docsift: another may cut documents into other passages. */
  docsift: string;
  /** Of the embedder. */
  fingerprint: string;
  /** The content hash of each document, by id. */
  documents: Record<string, string>;
}

/** The state of an earlier run; `undefined` where there is none that can be gone on from. */
export async function readState(folder: string): Promise<State | undefined> {
  try {
    const { docsift, fingerprint, documents } = JSON.parse(await readFile(path.join(folder, FILE), 'utf8'));
    if (typeof docsift !== 'string' || typeof fingerprint !== 'string') return undefined;
    if (typeof documents !== 'object' || documents === null) return undefined;
    return { docsift, fingerprint, documents };
  } catch {
    return undefined;
  }
}

export function writeState(folder: string, state: State): Promise<void> {
  return writeWhole(path.join(folder, FILE), `${JSON.stringify(state, null, 1)}\n`);
}

/** 128 bits of the SHA-256 of a document with all its fields. */
export function hashOf(document: SearchDocument): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 32);
}
