/** `docsift pack`: models packed here compute what the golden fixtures say, and index and search take them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createSearch, loadEmbedder, loadReranker } from '../../dist/node.js';
import { ROOT } from '../../scripts/steps.mjs';
import { docsift, SITES, scratch } from './support.mjs';

const MODELS = path.join(ROOT, 'tests', 'golden', 'models');

/** @param {string} file */
const json = async (file) => JSON.parse(await readFile(path.join(MODELS, file), 'utf8'));

/**
 * A text of the fixtures; one too long to store is a part and how often it is repeated.
 *
 * @param {string | { repeat: string, times: number }} text
 */
const whole = (text) => (typeof text === 'string' ? text : text.repeat.repeat(text.times));

/**
 * @param {string} model of the fixtures, or a folder
 * @param {string} out
 * @param {string[]} options
 */
async function pack(model, out, ...options) {
  const { code, stdout, stderr } = await docsift([
    'pack',
    path.resolve(MODELS, model),
    '--out',
    out,
    ...options,
  ]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

test('packs a bi-encoder and a cross-encoder that embed, score, index and search', async (t) => {
  const out = await scratch(t);
  const embedder = await pack('bert-2x128', out, '--license', 'Apache-2.0');
  const reranker = await pack(
    'bert-12x96',
    out,
    '--id',
    'ranker',
    '--mixing-weight',
    '2.5',
    '--probability',
    '1.5,-2',
  );
  const manifest = JSON.parse(await readFile(path.join(out, 'manifest.json'), 'utf8'));
  assert.deepEqual(manifest.defaults, { embedder: 'bert-2x128', reranker: 'ranker' });
  assert.equal(manifest.models['bert-2x128'].license, 'Apache-2.0');
  assert.equal(manifest.models.ranker.mixingWeight, 2.5);
  assert.deepEqual(manifest.models.ranker.calibration, { slope: 1.5, intercept: -2 });
  assert.equal(manifest.models['bert-2x128'].calibration, undefined);
  for (const { file, bytes, sha256 } of [embedder, reranker]) {
    const content = await readFile(path.join(out, file));
    assert.equal(content.subarray(0, 4).toString(), 'GGUF');
    assert.equal(content.length, bytes);
    assert.equal(createHash('sha256').update(content).digest('hex'), sha256);
  }

  const inputs = await json('inputs.json');
  const own = await loadEmbedder({ modelBaseUrl: out, precision: 'f32', workers: 1 });
  t.after(() => own.close());
  const vectors = await own.embed(inputs.texts.map(whole));
  // The same tensors as quantized by llama.cpp's own writer.
  const expected = await json('bert-2x128/model.q8_0.gguf.golden.json');
  const rows = /** @type {number[][]} */ (expected.embeddings);
  for (const [row, numbers] of rows.entries()) {
    const cosine = numbers.reduce((sum, x, i) => sum + x * (vectors[row * own.dims + i] ?? 0), 0);
    assert.ok(cosine > 0.9999, `text ${row}: cosine ${cosine}`);
  }

  const judge = await loadReranker({ modelBaseUrl: out, precision: 'f32', workers: 1 });
  t.after(() => judge.close());
  const logits = /** @type {number[]} */ ((await json('bert-12x96/golden.json')).logits);
  for (const [place, { query, passage }] of inputs.pairs.entries()) {
    const [logit = Number.NaN] = await judge.rerank(whole(query), [whole(passage)]);
    assert.ok(Math.abs(logit - (logits[place] ?? 0)) < 0.05, `pair ${place}: ${logit}, not ${logits[place]}`);
  }

  const index = path.join(await scratch(t), 'search');
  const made = await docsift(['index', path.join(SITES, 'markdown'), '--out', index, '--models', out]);
  assert.equal(made.code, 0, made.stderr);
  const found = await docsift(['search', 'a garden of plants', '--index', index, '--json']);
  assert.equal(JSON.parse(found.stdout).stage, 'reranked', found.stderr);
});

test('refuses a probability that is no line', async (t) => {
  const out = await scratch(t);
  for (const given of ['1', '0,1', '-1,2', '1,', 'a,b', '1,2,3']) {
    const folder = path.join(MODELS, 'bert-2x128');
    const { code, stderr } = await docsift(['pack', folder, '--out', out, `--probability=${given}`]);
    assert.equal(code, 1, given);
    assert.match(stderr, /--probability: expected two numbers/);
  }
});

/**
 * A cross-encoder's trunk as a bi-encoder: the two then have the same words.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} model
 */
async function withoutHead(t, model) {
  const folder = await scratch(t);
  await cp(path.join(MODELS, model), folder, { recursive: true });
  const file = path.join(folder, 'model.safetensors');
  const bytes = await readFile(file);
  const end = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, end).toString());
  for (const name of Object.keys(header)) if (/^(bert\.pooler|classifier)\./.test(name)) delete header[name];
  const text = Buffer.from(JSON.stringify(header).padEnd(end - 8));
  await writeFile(file, Buffer.concat([bytes.subarray(0, 8), text, bytes.subarray(end)]));
  return folder;
}

test('a reranker without words scores to the bit as with its own, alone and beside its embedder', async (t) => {
  const out = await scratch(t);
  await pack(await withoutHead(t, 'bert-12x96'), out, '--id', 'words', '--word-bits', '5');
  const own = await pack('bert-12x96', out, '--id', 'own', '--word-bits', '5');
  const shared = await pack('bert-12x96', out, '--id', 'shared', '--words-of', 'words');
  assert.equal(shared.words, 'words');
  assert.ok(shared.bytes < own.bytes - (300 * 96 * 22) / 32, `${shared.bytes} and ${own.bytes} bytes`);

  const passages = ['a garden of plants', '', 'Reset your password, then sign in again.'];
  /** @param {import('../../dist/node.js').ModelOptions['model']} model */
  const scores = async (model) => {
    const reranker = await loadReranker({ modelBaseUrl: out, model, workers: 2 });
    t.after(() => reranker.close());
    return [...(await reranker.rerank('plants', passages))];
  };
  const expected = await scores('own');
  assert.deepEqual(await scores('shared'), expected);
  const addressOf = (/** @type {string} */ file) => pathToFileURL(path.join(out, file));
  const files = { weights: addressOf(shared.file), words: addressOf('words.gguf') };
  assert.deepEqual(await scores(files), expected);
  await assert.rejects(scores({ weights: files.weights }), { code: 'invalid_model' });
  await assert.rejects(scores({ ...files, words: addressOf(shared.file) }), { code: 'invalid_model' });

  const crosses = [];
  for (const reranker of ['own', 'shared']) {
    const search = await createSearch({ modelBaseUrl: out, models: { embedder: 'words', reranker } });
    t.after(() => search.close());
    await search.add([
      { id: 'a', title: 'Plants', body: 'a garden of plants' },
      { id: 'b', title: 'Passwords', body: 'Reset your password, then sign in again.' },
    ]);
    const { hits, stage } = await search.query('plants');
    assert.equal(stage, 'reranked');
    crosses.push(hits.map(({ document, scores }) => [document.id, scores.cross]));
  }
  assert.deepEqual(crosses[1], crosses[0]);
});

test('a vocabulary pruned to a corpus makes a smaller file that embeds the corpus as before', async (t) => {
  const out = await scratch(t);
  const text = 'a garden of plants';
  const corpus = path.join(out, 'corpus.jsonl');
  await writeFile(corpus, `${JSON.stringify({ id: '1', title: text, body: text })}\n`);
  const whole = await pack('bert-2x128', out, '--id', 'whole');
  const few = ['--id', 'few', '--vocab-from', corpus, '--vocab-common', '0'];
  const pruned = await pack('bert-2x128', out, ...few);
  assert.ok(pruned.bytes < whole.bytes, `${pruned.bytes} and ${whole.bytes} bytes`);
  const vectors = [];
  for (const model of ['whole', 'few']) {
    const embedder = await loadEmbedder({ modelBaseUrl: out, model, workers: 1 });
    t.after(() => embedder.close());
    vectors.push([...(await embedder.embed([text]))]);
  }
  assert.deepEqual(vectors[1], vectors[0]);
  const wrong = ['pack', path.join(MODELS, 'bert-2x128'), '--out', out, '--word-bits', '7'];
  const refused = await docsift(wrong);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /expected 8, 6, 5 or 4 bits, found "7"/);
});

test('refuses a model that is no BERT', async (t) => {
  const out = await scratch(t);
  const { code, stderr } = await docsift(['pack', path.join(MODELS, 'electra-3x96'), '--out', out]);
  assert.equal(code, 1);
  assert.match(stderr, /load this model from its folder/);
});
