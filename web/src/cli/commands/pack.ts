/** `docsift pack`: another BERT model as a GGUF file that the browser can load. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Calibration, problemOfCalibration } from '../../calibration.js';
import { DocsiftError, messageOf } from '../../errors.js';
import { findModel, type Manifest, parseManifest } from '../../manifest.js';
import { command } from '../command.js';
import { writeWhole } from '../deploy/index-files.js';
import { PACKAGED_MODELS } from '../deploy/package-files.js';
import { packModel } from '../engine/packer.js';
import { megabytes } from '../report.js';

/** Some static hosts refuse larger files. */
const LARGEST_FILE = 25 * 1024 * 1024;

export const pack = command({
  name: 'pack',
  summary: 'Quantize a BERT model from a Hugging Face folder into one GGUF file',
  arguments: ['<folder>'],
  options: {
    out: {
      type: 'string',
      short: 'o',
      value: 'folder',
      help: 'where the file and its manifest.json go. Default: ./models',
    },
    id: {
      type: 'string',
      value: 'id',
      help: 'its name in the manifest and of the file. Default: the folder’s name',
    },
    license: { type: 'string', value: 'spdx', help: 'its licence. Default: unknown' },
    'mixing-weight': {
      type: 'string',
      value: 'number',
      help: 'of a reranker: the cosine’s weight against its logit. Default: 0',
    },
    probability: {
      type: 'string',
      value: 'slope,intercept',
      help: 'from the score that orders results to the probability that one answers: 1 / (1 + exp(−(slope × score + intercept)))',
    },
    calibration: {
      type: 'string',
      value: 'file',
      help: 'JSON Lines of {query, passage}: texts like those to be searched.\nDefault: passages of help centers',
    },
    'word-bits': {
      type: 'string',
      value: 'number',
      help: 'of a value of the word table: 8, 6, 5 or 4. Default: 8',
    },
    'layer-bits': {
      type: 'string',
      value: 'number',
      help: 'of a value of the layers: 8, 6, 5 or 4. Default: 8',
    },
    'vocab-from': {
      type: 'string',
      value: 'file',
      help: 'JSON Lines of documents, as docsift read prints them: tokens that\nthey do not use are left out, but for the most frequent ones',
    },
    'vocab-common': {
      type: 'string',
      value: 'number',
      help: 'how many of the most frequent tokens are kept. Default: 10000',
    },
    'words-of': {
      type: 'string',
      value: 'id',
      help: 'an embedder of the manifest, fine-tuned from the same model, whose\nwords this reranker shares: the file leaves out its own',
    },
  },
  details: `The folder holds config.json, model.safetensors, and tokenizer.json or vocab.txt, of a BERT bi-encoder or
cross-encoder. An entry of the same id in the manifest is replaced; the first model of a role is its default.`,
  async run(values, [given = '']) {
    const folder = path.resolve(given);
    const out = path.resolve(values.out ?? 'models');
    const id = values.id ?? path.basename(folder);
    if (!/^[\w.-]+$/.test(id))
      throw new DocsiftError(
        'invalid_options',
        `--id: expected letters, digits, dots and hyphens, found "${id}"`,
      );
    const mixingWeight = Number(values['mixing-weight'] ?? 0);
    if (!Number.isFinite(mixingWeight))
      throw new DocsiftError(
        'invalid_options',
        `--mixing-weight: expected a number, found "${values['mixing-weight']}"`,
      );
    const calibration = values.probability === undefined ? undefined : readProbability(values.probability);
    const license = values.license ?? 'unknown';
    const manifest = await readManifest(path.join(out, 'manifest.json'));
    const { 'words-of': wordsOf, 'vocab-from': corpus } = values;
    const owner = wordsOf === undefined ? undefined : findModel(manifest, 'embedder', wordsOf);
    const vocabCommon = count(values['vocab-common']);

    const files = {
      config: await read(path.join(folder, 'config.json')),
      weights: await read(path.join(folder, 'model.safetensors')),
      tokenizer: await read(path.join(folder, 'tokenizer.json')).catch(() =>
        read(path.join(folder, 'vocab.txt')),
      ),
      pairs: await read(values.calibration ?? path.join(PACKAGED_MODELS, 'calibration.jsonl')),
      ...(corpus !== undefined && { corpus: await readFileOf('--vocab-from', corpus) }),
      ...(owner && { wordsOf: await read(path.join(out, owner.file)) }),
    };
    console.error(`Packing ${folder} …`);
    const { file: bytes, summary } = packModel(files, {
      ...{ name: id, license },
      ...(values['word-bits'] !== undefined && { wordBits: values['word-bits'] }),
      ...(values['layer-bits'] !== undefined && { layerBits: values['layer-bits'] }),
      ...(vocabCommon !== undefined && { vocabCommon }),
    });
    const { role, ...shape } = summary;
    if (wordsOf !== undefined && role !== 'reranker')
      throw new DocsiftError('invalid_options', `--words-of: expected a reranker, found an ${role}`);
    // The name tells the type where all matrices are of one.
    const isQ8 = [values['word-bits'], values['layer-bits']].every((bits = '8') => bits === '8');
    const file = isQ8 ? `${id}.q8_0.gguf` : `${id}.gguf`;
    await mkdir(out, { recursive: true });
    await writeWhole(path.join(out, file), bytes);
    const entry = {
      role,
      file,
      ...shape,
      revision: '1',
      license,
      ...(role === 'reranker' ? { mixingWeight } : {}),
      ...(wordsOf === undefined ? {} : { words: wordsOf }),
      ...(calibration ? { calibration } : {}),
    };
    manifest.models[id] = entry;
    manifest.defaults[role] ??= id;
    await writeWhole(path.join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    console.error(`${path.join(out, file)}: ${role}, ${megabytes(bytes.byteLength)}`);
    if (bytes.byteLength > LARGEST_FILE)
      console.error('It is larger than 25 MiB, which some static hosts refuse: Cloudflare Pages, for one.');
    console.log(JSON.stringify({ id, ...entry }));
    return 0;
  },
});

/** Reads `slope,intercept`. */
function readProbability(given: string): Calibration {
  const parts = given.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [slope = Number.NaN, intercept = Number.NaN] = parts;
  const calibration = { slope, intercept };
  if (parts.length === 2 && problemOfCalibration(calibration) === undefined) return calibration;
  const expected = 'expected two numbers with a comma between, the first above 0';
  throw new DocsiftError('invalid_options', `--probability: ${expected}, found "${given}"`);
}

/** The number of tokens that an option gives. */
function count(given: string | undefined): number | undefined {
  if (given === undefined || /^\d{1,9}$/.test(given)) return given === undefined ? undefined : Number(given);
  throw new DocsiftError('invalid_options', `--vocab-common: expected a number of tokens, found "${given}"`);
}

async function readFileOf(option: string, file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return Uint8Array.from(await readFile(file));
  } catch (thrown) {
    throw new DocsiftError('invalid_options', `${option}: ${messageOf(thrown)}; name a file of documents`);
  }
}

async function read(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return Uint8Array.from(await readFile(file));
  } catch (thrown) {
    const advice = 'name a folder with config.json, model.safetensors, and tokenizer.json or vocab.txt';
    throw new DocsiftError('invalid_model', `${messageOf(thrown)}; ${advice}`);
  }
}

/** The manifest that the model is added to; an empty one where there is none. */
async function readManifest(file: string): Promise<Manifest> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? { version: 1, defaults: {}, models: {} } : parseManifest(text, file);
}
