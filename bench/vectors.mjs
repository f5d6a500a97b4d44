/**
 * Times the scan of an index's vectors in WebAssembly, on one core:
 *
 *     node bench/vectors.mjs [passages]       (by default 100,000)
 *
 * The index is made up here, of random vectors and no words, and opened and searched by both binaries of target/wasm, as
 * `npm run build:wasm` makes them; the one with relaxed SIMD where this Node runs it. On a machine that does other things
 * too, the fastest query is the figure to go by.
 */
import { createHash } from 'node:crypto';
import { runMain } from '../scripts/steps.mjs';
import { loadEngine } from './lib/engine.mjs';
import { unitVectors } from './lib/made-pages.mjs';
import { quantile } from './lib/statistics.mjs';

const DIMS = 384;
const QUERIES = 200;
/** Passages of one part: it has to be smaller than 25 MiB. */
const PART_PASSAGES = 50_000;
/** As crate/src/index/manifest.rs has them. */
const VERSION = 2;
const KINDS = ['file', 'documents', 'lexical', 'vectors', 'texts'];

/** @param {number} value */
function varint(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

/** @param {number} value */
function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** @param {string} kind @param {Buffer[]} content @param {object} [range] */
function partOf(kind, content, range = { first: 0, count: 1 }) {
  const header = [Buffer.from('docsift\0'), u32(VERSION), u32(KINDS.indexOf(kind))];
  const bytes = Buffer.concat([...header, ...content]);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = `${kind}.${sha256.slice(0, 16)}.bin`;
  return { bytes, entry: { file, bytes: bytes.length, sha256, ...range } };
}

/** One document of so many passages of one byte each, without a word. @param {number} passages */
function makeIndex(passages) {
  const json = Buffer.from(JSON.stringify([{ id: 'all', title: 'All' }]));
  // From where the one before ends, one byte, one token, no heading, and the hash of its input, which nobody asks for.
  const passage = Buffer.from([0, 1, 1, 0, ...new Array(8).fill(0)]);
  const documents = partOf('documents', [
    varint(json.length),
    json,
    ...[varint(passages), varint(passages)],
    ...new Array(passages).fill(passage),
  ]);
  const lexical = partOf('lexical', [varint(3), varint(passages), varint(0)], { first: 0, count: passages });
  const texts = partOf('texts', [varint(1), varint(passages), Buffer.alloc(passages, ' ')]);
  const vectors = [];
  for (let first = 0; first < passages; first += PART_PASSAGES) {
    const count = Math.min(PART_PASSAGES, passages - first);
    const scales = new Float32Array(count).fill(1 / 127 / 10);
    const rows = Int8Array.from({ length: count * DIMS }, () => Math.random() * 255 - 127);
    const content = [
      u32(DIMS),
      u32(count),
      Buffer.alloc(count, 1),
      Buffer.from(scales.buffer),
      Buffer.from(rows.buffer),
    ];
    vectors.push(partOf('vectors', content, { first, count }));
  }
  const manifest = {
    ...{ format: 'docsift-index', version: VERSION, documents: 1, passages, embedded: passages },
    model: { id: 'stand-in', fingerprint: 'stand-in', dims: DIMS },
    parts: {
      documents: [documents.entry],
      lexical: [lexical.entry],
      vectors: vectors.map(({ entry }) => entry),
      texts: [texts.entry],
    },
  };
  return {
    manifest: Buffer.from(JSON.stringify(manifest)),
    first: [documents.bytes, lexical.bytes],
    vectors,
  };
}

/** @param {'simd128' | 'relaxed'} name of the binary @param {ReturnType<typeof makeIndex>} index */
async function measure(name, { manifest, first, vectors }) {
  const Engine = await loadEngine(name);
  if (!Engine) {
    console.log(`${name}: this Node cannot run it`);
    return;
  }
  const engine = new Engine();
  engine.openIndex(manifest, first);
  for (const { entry, bytes } of vectors) engine.addPart(entry.file, bytes);
  const times = Array.from({ length: QUERIES }, () => {
    const vector = unitVectors(1, DIMS, Math.random);
    const start = performance.now();
    engine.retrieve('', vector, { limit: 50 });
    return performance.now() - start;
  });
  const [fastest, median] = [0, 0.5].map((q) => quantile(times, q).toFixed(1));
  const memory = (engine.memoryBytes() / 1e6).toFixed(0);
  console.log(`${name}: fastest query ${fastest} ms, median ${median} ms of ${QUERIES}; memory ${memory} MB`);
}

await runMain(async () => {
  const passages = Number(process.argv[2] ?? 100_000);
  console.log(`${passages} vectors of ${DIMS} dims`);
  const index = makeIndex(passages);
  for (const name of ['simd128', 'relaxed']) await measure(name, index);
});
