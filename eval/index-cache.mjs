/** Indexes kept between runs, in `target/eval/`: the vectors of a help center take minutes to make. */
import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { openDB } from 'idb';
import { ROOT } from '../scripts/steps.mjs';

const FOLDER = path.join(ROOT, 'target', 'eval');

/**
 * The index of a set from an earlier run with the same models and precision, and where to keep the new one.
 *
 * @param {import('../dist/types/eval/index.js').Dataset} dataset
 * @param {import('../dist/types/eval/index.js').SystemOptions} options
 */
export async function keepIndex({ name, documents }, { precision = 'int8', modelBaseUrl }) {
  const models = readFileSync(path.join(modelBaseUrl ?? path.join(ROOT, 'models'), 'manifest.json'));
  const key = createHash('sha256').update(models).update(String(documents.length)).digest('hex').slice(0, 12);
  const file = path.join(FOLDER, `${name}-${precision}-${key}.index`);
  const kept = existsSync(file);
  if (kept) await inStore((store) => store.put('indexes', deserialize(readFileSync(file)), file));
  return {
    restore: kept ? file : undefined,
    /** @param {import('../dist/types/node/index.js').Search} search */
    async save(search) {
      await search.save(file);
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, serialize(await inStore((store) => store.get('indexes', file))));
    },
  };
}

/**
 * @template T
 * @param {(store: import('idb').IDBPDatabase) => Promise<T>} use
 */
async function inStore(use) {
  const store = await openDB('docsift', 1, { upgrade: (fresh) => void fresh.createObjectStore('indexes') });
  try {
    return await use(store);
  } finally {
    store.close();
  }
}
