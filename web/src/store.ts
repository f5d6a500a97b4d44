/** Saved indexes, in IndexedDB. Where the browser has locks, tabs take turns at changing an index. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { DocsiftError, messageOf } from './errors.js';
import { inTurn } from './turns.js';

/** A collection as it was saved. */
export interface SavedIndex {
  /** The engine's own format: versioned and checksummed. */
  bytes: ArrayBuffer;
  /** Identifies the embedder's weights, as the engine does. */
  fingerprint: string;
  /** Identifies them before they are loaded. */
  modelKey: string;
  savedAt: Date;
}

interface Schema extends DBSchema {
  indexes: { key: string; value: SavedIndex };
}

/**
 * Saves what `make` gives. It is asked when this tab's turn has come, so that of two tabs that save under one name, the
 * later one's index is the one that was made later.
 */
export function saveIndex(name: string, make: () => Promise<SavedIndex>): Promise<void> {
  return inTurn(turnOf(name), async () => {
    const index = await make();
    await withDatabase((database) => database.put('indexes', index, name));
  });
}

/** Rejects with `index_not_found` when nothing is saved under the name. */
export async function loadIndex(name: string): Promise<SavedIndex> {
  const index = await withDatabase((database) => database.get('indexes', name));
  if (index) return index;
  throw new DocsiftError('index_not_found', `no index is saved as "${name}"; add the documents and save it`);
}

/** The names of the saved indexes. */
export function listIndexes(): Promise<string[]> {
  return withDatabase((database) => database.getAllKeys('indexes'));
}

/** Deletes a saved index; one that is not there is no error. */
export function deleteIndex(name: string): Promise<void> {
  return inTurn(turnOf(name), () => withDatabase((database) => database.delete('indexes', name)));
}

/** Out of turn each write would still be whole. */
function turnOf(name: string): string {
  return `docsift-index:${name}`;
}

async function withDatabase<T>(use: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
  try {
    const database = await openDB<Schema>('docsift', 1, {
      upgrade: (fresh) => {
        fresh.createObjectStore('indexes');
      },
    });
    try {
      return await use(database);
    } finally {
      database.close();
    }
  } catch (thrown) {
    const advice = 'search works without it, but an index has to be made anew at every visit';
    throw new DocsiftError('storage_unavailable', `IndexedDB: ${messageOf(thrown)}; ${advice}`, {
      cause: thrown,
    });
  }
}
