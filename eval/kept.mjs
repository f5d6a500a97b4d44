/** What is kept between runs, in `target/eval/`: indexes, whose vectors take minutes to make, and results of whole sets. */
import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { openDB } from 'idb';
import { ROOT, StepError } from '../scripts/steps.mjs';

/**
 * @typedef {import('../dist/types/eval/index.js').Dataset} Dataset
 * @typedef {import('../dist/types/eval/index.js').SystemOptions} SystemOptions
 */

const FOLDER = path.join(ROOT, 'target', 'eval');
/** All that decides what a query is answered with. */
const ENGINE = [
  'node.js',
  'node-worker.js',
  'docsift-relaxed.wasm',
  'docsift-simd128.wasm',
  'docsift-lexical.wasm',
];

/**
 * The index of a set from an earlier run with the same embedder and precision, and where to keep the new one.
 *
 * @param {Dataset} dataset
 * @param {SystemOptions} options
 */
export async function keepIndex({ name, documents }, { precision = 'int8', modelBaseUrl }) {
  const file = path.join(
    FOLDER,
    `${name}-${precision}-${keyOf([embedderOf(modelBaseUrl), documents.length])}.index`,
  );
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
 * The results of a set, with the same engine, models, documents, queries and options.
 *
 * @param {boolean} resume whether those of an earlier run are taken
 * @returns {(dataset: Dataset, options: SystemOptions, variants: readonly object[]) => import('../dist/types/eval/index.js').KeptResults}
 */
export function keepResults(resume) {
  const engine = ENGINE.map((file) => readFileSync(path.join(ROOT, 'dist', file)));
  return ({ name, documents, queries }, options, variants) => {
    const asked = queries.map(({ grades, ...query }) => ({ ...query, grades: [...grades] }));
    const key = keyOf([...engine, manifestOf(options.modelBaseUrl), { documents, asked, options, variants }]);
    const file = path.join(FOLDER, `${name}-${key}.results`);
    return {
      found: resume && existsSync(file) ? deserialize(readFileSync(file)) : undefined,
      save(results) {
        mkdirSync(FOLDER, { recursive: true });
        writeFileSync(file, serialize(results));
      },
    };
  };
}

/**
 * The hash of the default embedder, of which alone the vectors are.
 *
 * @param {string | undefined} modelBaseUrl
 */
function embedderOf(modelBaseUrl) {
  const { defaults, models } = JSON.parse(manifestOf(modelBaseUrl).toString());
  return models[defaults.embedder].sha256;
}

/** @param {string | undefined} modelBaseUrl */
function manifestOf(modelBaseUrl) {
  const file = path.join(modelBaseUrl ?? path.join(ROOT, 'models'), 'manifest.json');
  if (!existsSync(file))
    throw new StepError(
      `expected a manifest of models, found nothing at ${file}`,
      'name its folder with --models',
    );
  return readFileSync(file);
}

/** @param {unknown[]} parts bytes, or anything that JSON can say */
function keyOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part instanceof Uint8Array ? part : JSON.stringify(part));
  return hash.digest('hex').slice(0, 12);
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
