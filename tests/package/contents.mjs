/** What the published package may hold, and how large it may be. Sizes are in bytes; the gzipped ones at level 9. */

/** Every file has to fit one of these, and each of these some file. */
export const ALLOWED = [
  /^(CHANGELOG\.md|LICENSE|NOTICE|README\.md|THIRD-PARTY-LICENSES|package\.json)$/,
  /^dist\/(docsift|docsift\.cdn|element|element-translations|models|worker)\.js$/,
  /^dist\/(node|node-worker|eval)\.js$/,
  /^dist\/cli\.js$/,
  /^dist\/docsift-sw\.js$/,
  /^dist\/docsift-(lexical|relaxed|simd128)\.wasm$/,
  /^dist\/(docsift|docsift-sw|element|element-translations|eval|node|node-worker|worker)\.js\.map$/,
  /^dist\/types\/([a-z-]+\/)*[a-zA-Z-]+\.d\.ts$/,
  /^models\/[a-z0-9-]+\.gguf$/,
  /^models\/(README\.md|calibration\.jsonl|manifest\.json)$/,
];

/** Above what is measured by about a tenth: a visitor downloads the first six. */
export const BUDGETS = [
  { file: 'dist/docsift.js', gzip: 30_500 },
  { file: 'dist/worker.js', gzip: 8_900 },
  { file: 'dist/element.js', gzip: 15_500 },
  { file: 'dist/element-translations.js', gzip: 7_750 },
  { file: 'dist/docsift-lexical.wasm', gzip: 205_000 },
  { file: 'dist/docsift-relaxed.wasm', gzip: 1_650_000 },
  { file: 'dist/docsift-simd128.wasm', gzip: 1_650_000 },
  { file: 'dist/docsift.cdn.js', gzip: 39_000 },
  { file: 'dist/cli.js', bytes: 1_400_000 },
  { file: 'dist/node.js', bytes: 90_000 },
  { file: 'dist/eval.js', bytes: 133_000 },
];

/** Some static hosts refuse larger files. */
export const LARGEST_FILE = 25 * 2 ** 20;

export const TARBALL = 36_000_000;
