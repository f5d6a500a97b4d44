/** The compiled engine against PyTorch, in the browser: both binaries, both precisions, every kind of model file. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeFolder } from './harness.mjs';
import { EMBEDDER, openEngine, RERANKER } from './support/engine.mjs';
import { measureEmbeddings, measureLogits, REQUIRED } from './support/fidelity.mjs';
import {
  candidateGroups,
  goldenGroups,
  goldenTexts,
  portableLogits,
  smallGolden,
  smallInputs,
} from './support/fixtures.mjs';
import { makeBert4x312 } from './support/made-model.mjs';
import { greatestDifference, orderOf } from './support/measures.mjs';

/** Keeps every nth element. @param {number} n */
const everyNth = (n) => (_, index) => index % n === 0;

test('the default models in int8, as they ship', async (t) => {
  const engine = await openEngine(t);
  await engine.load('embedder', EMBEDDER);
  await engine.load('reranker', RERANKER);

  await t.test('embed as sentence-transformers does', async (t) => {
    const { rows, least, mean, summary } = await measureEmbeddings(engine, goldenTexts());
    t.diagnostic(summary);
    for (const row of rows)
      assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-5, 'an embedding has unit length');
    assert.ok(least >= REQUIRED.int8Cosine, summary);
    assert.ok(mean >= REQUIRED.int8MeanCosine, summary);
  });

  await t.test('rank as PyTorch does', async (t) => {
    const { meanSpearman, summary } = await measureLogits(engine, candidateGroups());
    t.diagnostic(summary);
    assert.ok(meanSpearman >= REQUIRED.int8Spearman, summary);
  });

  await t.test('put the python in its place', async (t) => {
    const { query, passages, logits } = goldenGroups().find(({ name }) => name === 'case/python-pet-care');
    const found = await engine.score(query, passages);
    t.diagnostic(
      `${Array.from(found, (logit) => logit.toFixed(2)).join(', ')} (PyTorch: ${logits.map((x) => x.toFixed(2)).join(', ')})`,
    );
    assert.deepEqual(orderOf(found), [0, 1, 2], 'a ball python, then pets, then the programming language');
  });

  const { query, passages } = candidateGroups()[0];

  await t.test('give a text one embedding, whatever it is embedded with', async () => {
    const apart = [];
    for (const text of passages) apart.push(...(await engine.embed([text])));
    assert.deepEqual(Array.from(await engine.embed(passages)), apart);
  });

  await t.test('give a passage one score, whatever it is scored with', async () => {
    const apart = [];
    for (const passage of passages) apart.push(...(await engine.score(query, [passage])));
    assert.deepEqual(Array.from(await engine.score(query, passages)), apart);
  });

  t.diagnostic(
    `memory with both models, after all of these: ${((await engine.memoryBytes()) / 1e6).toFixed(1)} MB`,
  );
});

test('the default models in f32', async (t) => {
  const engine = await openEngine(t);
  await engine.load('embedder', EMBEDDER, 'f32');

  await t.test('embed as sentence-transformers does', async (t) => {
    const { least, summary } = await measureEmbeddings(engine, goldenTexts().filter(everyNth(10)));
    t.diagnostic(summary);
    assert.ok(least >= REQUIRED.f32Cosine, summary);
  });

  await engine.reset();
  await engine.load('reranker', RERANKER, 'f32');
  await t.test('rank as PyTorch does', async (t) => {
    const { meanSpearman, difference, summary } = await measureLogits(
      engine,
      candidateGroups().filter(everyNth(8)),
    );
    t.diagnostic(summary);
    assert.ok(meanSpearman >= REQUIRED.f32Spearman, summary);
    assert.ok(difference < REQUIRED.f32Logit, summary);
  });
});

test('every implementation gives the same scores', async (t) => {
  const groups = candidateGroups().filter(everyNth(6));
  const texts = goldenTexts()
    .filter(everyNth(8))
    .map(({ text }) => text);
  const results = [];
  for (const variant of /** @type {const} */ (['relaxed', 'simd128'])) {
    const engine = await openEngine(t, { variant });
    await engine.load('embedder', EMBEDDER);
    await engine.load('reranker', RERANKER);
    const logits = (await measureLogits(engine, groups)).found;
    results.push({ logits, embeddings: await engine.embed(texts) });
  }
  const [relaxed, simd128] = results;
  const logitDifference = Math.max(
    ...relaxed.logits.map((logits, i) => greatestDifference(logits, simd128.logits[i])),
  );
  const embeddingDifference = greatestDifference(relaxed.embeddings, simd128.embeddings);
  t.diagnostic(`greatest difference: ${logitDifference} of a logit, ${embeddingDifference} of an embedding`);
  assert.ok(logitDifference <= REQUIRED.exact);
  assert.ok(embeddingDifference <= REQUIRED.exact);
  assert.deepEqual(relaxed.logits.map(orderOf), simd128.logits.map(orderOf));

  // The first of these groups is also scored natively, by the portable implementation.
  const portable = portableLogits();
  assert.ok(greatestDifference(relaxed.logits[0], portable) <= REQUIRED.exact);
  assert.deepEqual(orderOf(relaxed.logits[0]), orderOf(portable));
});

test('models of other shapes, in f32', async (t) => {
  const folder = await makeFolder(t, 'models');
  await writeFile(path.join(folder, 'bert-4x312.safetensors'), makeBert4x312());
  const engine = await openEngine(t, { folders: { '/made/': folder } });
  const { texts, pairs } = smallInputs();

  const folderOf = (name, tokenizer, weights = `/golden/models/${name}/model.safetensors`) => ({
    weights,
    config: `/golden/models/${name}/config.json`,
    tokenizer: `/golden/models/${name}/${tokenizer}`,
  });
  const gguf = (file) => ({ weights: `/golden/models/${file}` });

  for (const [name, files, golden] of /** @type {const} */ ([
    ['BERT 2 × 128, F16, tokenizer.json', folderOf('bert-2x128', 'tokenizer.json'), 'bert-2x128/golden.json'],
    ['BERT 2 × 128, GGUF in F16', gguf('bert-2x128/model.f16.gguf'), 'bert-2x128/golden.json'],
    [
      'BERT 2 × 128, GGUF in Q8_0',
      gguf('bert-2x128/model.q8_0.gguf'),
      'bert-2x128/model.q8_0.gguf.golden.json',
    ],
    ['BERT 12 × 96, BF16, vocab.txt', folderOf('bert-12x96', 'vocab.txt'), 'bert-12x96/golden.json'],
    [
      'BERT 4 × 312, F32, vocab.txt',
      folderOf('bert-4x312', 'vocab.txt', '/made/bert-4x312.safetensors'),
      'bert-4x312/golden.json',
    ],
    ['BERT 2 × 72, F32, vocab.txt', folderOf('bert-2x72', 'vocab.txt'), 'bert-2x72/golden.json'],
    ['BERT 2 × 72, GGUF in F32', gguf('bert-2x72/model.f32.gguf'), 'bert-2x72/golden.json'],
    [
      'ELECTRA 3 × 96, F32, tokenizer.json',
      folderOf('electra-3x96', 'tokenizer.json'),
      'electra-3x96/golden.json',
    ],
  ])) {
    await t.test(name, async (t) => {
      const { embeddings, logits } = smallGolden(golden);
      await engine.reset();
      let found;
      if (embeddings) {
        await engine.load('embedder', files, 'f32');
        found = await engine.embed(texts);
      } else {
        await engine.load('reranker', files, 'f32');
        found = [];
        for (const { query, passage } of pairs) found.push(...(await engine.score(query, [passage])));
      }
      const difference = greatestDifference(found, (embeddings ?? logits).flat());
      t.diagnostic(`greatest difference ${difference.toExponential(1)}`);
      assert.ok(difference <= REQUIRED.exact, `${difference}`);
    });
  }
});
