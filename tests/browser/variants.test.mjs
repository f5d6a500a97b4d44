/**
 * The measure that the reranker is held to, on rerankers that are wrong in one way each. Every one must fall short of
 * it, or the measure could not tell a right reranker from a wrong one.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { makeFolder } from './harness.mjs';
import { EMBEDDER, openEngine, RERANKER } from './support/engine.mjs';
import { measureEmbeddings, measureLogits, REQUIRED } from './support/fidelity.mjs';
import { candidateGroups, goldenTexts } from './support/fixtures.mjs';
import { readGguf } from './support/gguf.mjs';

/** A third of the queries is enough to tell. */
const GROUPS = candidateGroups().filter((_, index) => index % 3 === 0);
const TEXTS = goldenTexts().filter(({ name }) => name.startsWith('query/'));

/** 2^-10 as F32 and as F16: so small that tanh changes nothing, and still a normal number in F16. */
const EPSILON = 2 ** -10;
const EPSILON_F16 = 0x1400;

/** The logit is read off `[CLS]` itself: dense = ε · identity, tanh ≈ identity there, and the classifier undoes ε. */
function skipPooler(/** @type {Buffer} */ file) {
  const { tensors } = readGguf(file);
  const [dense, bias, output] = ['cls.weight', 'cls.bias', 'cls.output.weight'].map((name) =>
    tensors.get(name),
  );
  assert.deepEqual([dense.type, bias.type, output.type], ['Q8_0', 'F32', 'F32']);
  file.fill(0, dense.start, dense.start + dense.length);
  file.fill(0, bias.start, bias.start + bias.length);
  for (let i = 0; i < dense.rows; i += 1) {
    // A block is a scale and 32 signed bytes.
    const block = dense.start + Math.floor((i * dense.columns + i) / 32) * 34;
    file.writeUInt16LE(EPSILON_F16, block);
    file.writeInt8(1, block + 2 + (i % 32));
  }
  for (let at = output.start; at < output.start + output.length; at += 4)
    file.writeFloatLE(file.readFloatLE(at) / EPSILON, at);
}

/** Query and passage get the same token type. */
function zeroTokenTypes(/** @type {Buffer} */ file) {
  const { type, start, length } = readGguf(file).tensors.get('token_types.weight');
  assert.equal(type, 'F32');
  file.copyWithin(start + length / 2, start, start + length / 2);
}

/** Passages are filled up to the longest with the padding token, which then takes part in attention. */
const padPassages = (engine) => ({
  score: async (query, passages) => {
    const words = (text) => text.split(/\s+/).length;
    const longest = Math.max(...passages.map(words));
    return engine.score(
      query,
      passages.map((text) => text + ' [PAD]'.repeat(longest - words(text))),
    );
  },
});

/** Whatever the scores, the order stays as it was. */
const keepOrder = (engine) => ({
  score: async (query, passages) => (await engine.score(query, passages)).sort().reverse(),
});

test('a reranker that is wrong falls short of what is required', async (t) => {
  const folder = await makeFolder(t, 'variants');
  const engine = await openEngine(t, { folders: { '/variants/': folder } });

  /** @param {(file: Buffer) => void} alter */
  const loadAltered = async (alter) => {
    const file = await readFile(path.join(ROOT, RERANKER.weights));
    alter(file);
    await writeFile(path.join(folder, `${alter.name}.gguf`), file);
    await engine.reset();
    await engine.load('reranker', { ...RERANKER, weights: `/variants/${alter.name}.gguf` });
  };

  const unaltered = () => {};
  for (const [name, alter, wrap] of /** @type {const} */ ([
    ['nothing', unaltered, undefined],
    ['the pooler is skipped', skipPooler, undefined],
    ['token types are all zero', zeroTokenTypes, undefined],
    ['padding takes part', unaltered, padPassages],
    ['the order is that of the input', unaltered, keepOrder],
  ])) {
    await t.test(`wrong: ${name}`, async (t) => {
      await loadAltered(alter);
      const { meanSpearman, summary } = await measureLogits(wrap?.(engine) ?? engine, GROUPS);
      t.diagnostic(summary);
      assert.equal(meanSpearman >= REQUIRED.int8Spearman, name === 'nothing', summary);
    });
  }
});

test('an embedder that pools padding falls short of what is required', async (t) => {
  const engine = await openEngine(t);
  await engine.load('embedder', EMBEDDER);
  const padded = { embed: (texts) => engine.embed(texts.map((text) => text + ' [PAD]'.repeat(16))) };
  for (const [name, embedder] of /** @type {const} */ ([
    ['nothing', engine],
    ['padding is pooled', padded],
  ])) {
    await t.test(`wrong: ${name}`, async (t) => {
      const { least, summary } = await measureEmbeddings(embedder, TEXTS);
      t.diagnostic(summary);
      assert.equal(least >= REQUIRED.int8Cosine, name === 'nothing', summary);
    });
  }
});
