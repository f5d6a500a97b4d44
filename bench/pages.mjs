/**
 * What an index of a large site takes: memory and files of the one who makes it, bytes of a visitor.
 *
 *     node bench/pages.mjs corpus.jsonl [pages]       (by default 20,000)
 *
 * The corpus is a file of documents, one a line, which are repeated with other words until there are so many pages.
 * Vectors are stand-ins: embedding so many pages takes hours, and neither memory nor files depend on what they say. It
 * runs the engine of target/wasm, as `npm run build:wasm` makes it, in one thread.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT, runMain, StepError } from '../scripts/steps.mjs';
import { embedPending, loadEngine } from './lib/engine.mjs';
import { pageMaker, sequence, unitVectors } from './lib/made-pages.mjs';
import { quantile } from './lib/statistics.mjs';

const DIMS = 384;
/** As the command hands documents over. */
const BATCH = 64;
const QUERIES = 40;

await runMain(async () => {
  const [corpus = '', pages = '20000'] = process.argv.slice(2);
  if (!existsSync(corpus))
    throw new StepError(
      `expected a corpus, found ${corpus || 'nothing'}`,
      'node bench/pages.mjs corpus.jsonl [pages]',
    );
  const documents = readFileSync(corpus, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const random = sequence();
  const page = pageMaker(
    documents.map(({ title, url, body }) => ({ title, url, body })),
    random,
  );

  const mega = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
  const sum = (/** @type {number[]} */ numbers) => numbers.reduce((total, number) => total + number, 0);
  const report = (/** @type {string} */ text) => process.stderr.write(`\r\x1b[K${text}`);

  const Engine = await loadEngine('simd128');
  let engine = new Engine();
  const { fingerprint } = engine.loadEmbedder(
    readFileSync(path.join(ROOT, 'models', 'all-minilm-l6-v2.gguf')),
    undefined,
    undefined,
    'int8',
  );
  engine.createCollection(fingerprint);
  const started = performance.now();
  for (let n = 0; n < Number(pages); n += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, Number(pages) - n) }, (_, i) => page(n + i));
    engine.addDocuments(batch, true);
    embedPending(engine, ({ length }) => unitVectors(length, DIMS, random));
    report(`${n} of ${pages} pages, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  report('');
  const counts = engine.counts();
  console.log(`${counts.documents} pages, ${counts.passages} passages of ${path.basename(corpus)}`);
  const exporting = performance.now();
  const { manifest, files, parts } = engine.exportParts('stand-in');
  console.log(`parts made in ${((performance.now() - exporting) / 1000).toFixed(1)} s`);
  console.log(
    `memory: WebAssembly ${mega(engine.memoryBytes())}, process ${mega(process.memoryUsage().rss)}`,
  );

  const gzipped = (/** @type {Uint8Array} */ bytes) => gzipSync(bytes).length;
  console.log(`index.json: ${mega(manifest.length)}, ${mega(gzipped(manifest))} gzipped`);
  const bytesOf = new Map(files.map((file, i) => [file, parts[i]]));
  for (const kind of ['documents', 'lexical', 'vectors', 'texts']) {
    const all = files.filter((file) => file.startsWith(kind)).map((file) => bytesOf.get(file));
    const sizes = all.map(({ length }) => length);
    console.log(
      `${kind}: ${all.length} parts, ${mega(sum(sizes))}, ${mega(sum(all.map(gzipped)))} gzipped, largest ${mega(Math.max(...sizes))}`,
    );
  }

  engine.free();
  engine = new Engine();
  const first = files.filter((file) => /^(documents|lexical)/.test(file)).map((file) => bytesOf.get(file));
  const opening = performance.now();
  engine.openIndex(manifest, first);
  console.log(`opened by words in ${(performance.now() - opening).toFixed(0)} ms`);
  const shown = [];
  const reranked = [];
  const times = [];
  for (let n = 0; n < QUERIES; n += 1) {
    const query = documents[Math.floor(random() * documents.length)].title;
    const asked = performance.now();
    const { candidates } = engine.retrieve(query, undefined, { limit: 50 });
    times.push(performance.now() - asked);
    const ids = [...new Set(candidates.map(({ documentId }) => documentId))].slice(0, 5);
    const wanted = candidates.filter(({ documentId }) => ids.includes(documentId));
    for (const [found, into] of [
      [wanted, shown],
      [candidates, reranked],
    ]) {
      const texts = [...new Set(found.map(({ textPart }) => textPart))].map((file) => bytesOf.get(file));
      into.push({
        parts: texts.length,
        bytes: sum(texts.map(({ length }) => length)),
        sent: sum(texts.map(gzipped)),
      });
    }
  }
  const median = (/** @type {number[]} */ values) => quantile(values, 0.5);
  console.log(`query by words: median ${median(times).toFixed(1)} ms`);
  for (const [what, of] of Object.entries({
    'shown (5 documents)': shown,
    'reranked (50 passages)': reranked,
  })) {
    const [count, bytes, sent] = ['parts', 'bytes', 'sent'].map((key) => median(of.map((each) => each[key])));
    console.log(`texts ${what}: median ${count} parts, ${mega(bytes)}, ${mega(sent)} gzipped`);
  }
});
