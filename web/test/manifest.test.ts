import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocsiftError } from '../src/errors.js';
import { findModel, parseManifest } from '../src/manifest.js';

const URL = 'https://example.org/models/manifest.json';
const model = {
  ...{ role: 'embedder', file: 'mini.gguf', bytes: 10, sha256: 'a'.repeat(64), revision: '1' },
};

function manifest(changes: object = {}, modelChanges: object = {}): string {
  const models = {
    mini: { ...model, ...modelChanges },
    cross: { ...model, role: 'reranker', mixingWeight: 24, calibration: { slope: 0.5, intercept: -9 } },
  };
  return JSON.stringify({ version: 1, defaults: { embedder: 'mini' }, models, ...changes });
}

function refused(text: string, message: RegExp): void {
  assert.throws(
    () => parseManifest(text, URL),
    (error) =>
      error instanceof DocsiftError && error.code === 'invalid_manifest' && message.test(error.message),
    String(message),
  );
}

test('reads a manifest', () => {
  const parsed = parseManifest(manifest(), URL);
  assert.equal(findModel(parsed, 'embedder').file, 'mini.gguf');
  assert.equal(findModel(parsed, 'reranker', 'cross').mixingWeight, 24);
  assert.deepEqual(findModel(parsed, 'reranker', 'cross').calibration, { slope: 0.5, intercept: -9 });
});

test('says what is wrong with one', () => {
  refused('<!doctype html>', /https:\/\/example\.org.*found an HTML page.*modelBaseUrl/);
  refused('{', /expected JSON/);
  refused('[]', /expected an object/);
  refused(manifest({ version: 2 }), /expected version 1, found 2/);
  refused(manifest({ models: [] }), /"models"/);
  refused(manifest({ defaults: { embedder: 'other' } }), /default embedder is not among the models/);
  refused(manifest({}, { role: 'chat' }), /model "mini": expected "role"/);
  refused(manifest({}, { file: '' }), /"file"/);
  refused(manifest({}, { bytes: -1 }), /"bytes"/);
  refused(manifest({}, { sha256: 'abc' }), /"sha256"/);
  refused(manifest({}, { revision: 7 }), /"revision"/);
  refused(manifest({}, { mixingWeight: '24' }), /"mixingWeight"/);
  for (const calibration of [null, 1, {}, { slope: 0, intercept: 0 }, { slope: 1, intercept: '0' }])
    refused(manifest({}, { calibration }), /"calibration" to be \{ slope, intercept \}/);
  refused(manifest({}, { macsPerToken: 0.5 }), /"macsPerToken"/);
});

test('words are those of an embedder in the manifest, and only a reranker lacks its own', () => {
  const having = (words: unknown, changes: object = {}) => {
    const cross = { ...model, role: 'reranker', words };
    return manifest({ models: { mini: model, cross, ...changes } });
  };
  assert.equal(parseManifest(having('mini'), URL).models.cross?.words, 'mini');
  for (const words of ['none', 'cross', 'toString', ''])
    refused(having(words), /model "cross": expected "words" to name an embedder, found/);
  refused(having(7), /model "cross": expected "words" to be the id of an embedder/);
  refused(having(undefined, { other: { ...model, words: 'mini' } }), /model "other".*only a reranker/);
});

test('names the models there are when it has not the one asked for', () => {
  const parsed = parseManifest(manifest(), URL);
  assert.throws(() => findModel(parsed, 'embedder', 'cross'), /no embedder "cross"; it lists "mini"/);
  assert.throws(() => findModel(parsed, 'reranker'), /no default reranker; it lists "cross"/);
});
