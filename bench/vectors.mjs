/**
 * Times opening and searching an index in WebAssembly, on one core, with stand-in documents and vectors:
 *
 *     node bench/vectors.mjs [passages]       (by default 100,000)
 *
 * It runs `cargo bench --bench index`, which prints the same figures natively and leaves the index in target/bench, and
 * then opens that index in the two binaries of target/wasm, as `npm run build:wasm` makes them.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMain, ROOT } from '../scripts/steps.mjs';

const QUERIES = 50;

/** @param {number} dims */
function unitVector(dims) {
  const values = Float32Array.from({ length: dims }, () => Math.random() + Math.random() - 1);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/**
 * @template T
 * @param {string} what
 * @param {() => T} work
 */
function timed(what, work) {
  const start = performance.now();
  const result = work();
  console.log(`${what}: ${(performance.now() - start).toFixed(1)} ms`);
  return result;
}

/** @param {string} folder of the binary @param {string} index folder of the index */
async function measure(folder, index) {
  const { default: init, Engine } = await import(pathToFileURL(path.join(folder, 'docsift.js')).href);
  await init({ module_or_path: readFileSync(path.join(folder, 'docsift_bg.wasm')) });
  const json = readFileSync(path.join(index, 'index.json'));
  const { parts, model } = JSON.parse(json.toString());
  /** @param {{ file: string }[]} list */
  const read = (list) => list.map(({ file }) => ({ file, bytes: readFileSync(path.join(index, file)) }));
  const [first, vectors, texts] = [[...parts.documents, ...parts.lexical], parts.vectors, parts.texts].map(
    read,
  );

  const engine = new Engine();
  /** @param {{ file: string, bytes: Uint8Array }[]} list */
  const add = (list) => {
    for (const { file, bytes } of list) engine.addPart(file, bytes);
  };
  timed('open: documents and postings', () =>
    engine.openIndex(
      json,
      first.map(({ bytes }) => bytes),
    ),
  );
  timed('add vectors', () => add(vectors));
  for (const [what, text] of [
    ['query without words', ''],
    ['query with words', 'section bo reset ca'],
  ]) {
    const times = Array.from({ length: QUERIES }, () => {
      const vector = unitVector(model.dims);
      const start = performance.now();
      engine.retrieve(text, vector, { limit: 50 });
      return performance.now() - start;
    }).sort((a, b) => a - b);
    console.log(`${what}: median ${times[QUERIES / 2].toFixed(2)} ms, slowest ${times.at(-1).toFixed(2)} ms`);
  }
  timed('add texts', () => add(texts));
  const file = timed('write one file', () => engine.saveCollection('stand-in'));
  timed('read one file', () => engine.restoreCollection(file));
  console.log(`memory: ${(engine.memoryBytes() / 1e6).toFixed(0)} MB`);
}

if (isMain(import.meta.url)) {
  const passages = process.argv[2] ?? '100000';
  const index = path.join(ROOT, 'target', 'bench', `index-${passages}`);
  console.log('── native ──');
  execFileSync('cargo', ['bench', '--quiet', '--bench', 'index', '--', passages, index], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  for (const name of ['simd128', 'relaxed']) {
    const folder = path.join(ROOT, 'target', 'wasm', name);
    if (!existsSync(folder)) throw new Error(`expected ${folder}, found nothing; run \`npm run build:wasm\``);
    console.log(`── WebAssembly, ${name} ──`);
    await measure(folder, index);
  }
}
