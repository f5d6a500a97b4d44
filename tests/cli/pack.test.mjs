/** `docsift pack`: models packed here compute what the golden fixtures say, and index and search take them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { loadEmbedder, loadReranker } from '../../dist/node.js';
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
 * @param {string} model
 * @param {string} out
 * @param {string[]} options
 */
async function pack(model, out, ...options) {
  const { code, stdout, stderr } = await docsift([
    'pack',
    path.join(MODELS, model),
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

test('refuses a model that is no BERT', async (t) => {
  const out = await scratch(t);
  const { code, stderr } = await docsift(['pack', path.join(MODELS, 'electra-3x96'), '--out', out]);
  assert.equal(code, 1);
  assert.match(stderr, /load this model from its folder/);
});
