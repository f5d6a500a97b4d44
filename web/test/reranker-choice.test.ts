import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocsiftError } from '../src/errors.js';
import type { Manifest, ManifestModel } from '../src/manifest.js';
import { rerankerWithin } from '../src/reranker-choice.js';

const L6_MACS = 10_616_832;

function manifest(...rerankers: [id: string, macsPerToken: number | undefined][]): Manifest {
  const model: ManifestModel = {
    ...{ role: 'reranker', file: 'model.gguf', bytes: 1, sha256: '0'.repeat(64), revision: '1' },
  };
  const entries = rerankers.map(([id, macsPerToken]) => [id, { ...model, macsPerToken }]);
  const embedder = { ...model, role: 'embedder', macsPerToken: 1 };
  return { version: 1, defaults: {}, models: { ...Object.fromEntries(entries), embedder } };
}

test('the largest that keeps to the budget is taken', () => {
  const models = manifest(['l2', L6_MACS / 3], ['l12', 2 * L6_MACS], ['l6', L6_MACS]);
  // Ten tokens a millisecond through six layers: the 6,500 of a query take 650 ms.
  const chosen = (budgetMs: number) => rerankerWithin({ budgetMs }, models, 10 * L6_MACS);
  assert.deepEqual([1299, 1300].map(chosen), ['l6', 'l12']);
  assert.deepEqual([649, 650].map(chosen), ['l2', 'l6']);
});

test('the smallest is taken where none keeps to it, or the speed is not known', () => {
  const models = manifest(['l6', L6_MACS], ['l2', L6_MACS / 3]);
  assert.equal(rerankerWithin({ budgetMs: 1 }, models, L6_MACS), 'l2');
  assert.equal(rerankerWithin({ budgetMs: 1e9 }, models, undefined), 'l2');
});

test('a manifest that says nothing of what a model takes is refused', () => {
  const refused = (models: Manifest, message: RegExp) =>
    assert.throws(
      () => rerankerWithin({ budgetMs: 1 }, models, 1),
      (error: unknown) =>
        error instanceof DocsiftError && error.code === 'invalid_manifest' && message.test(error.message),
    );
  refused(manifest(['l6', L6_MACS], ['own', undefined]), /"own" has no "macsPerToken".*pack it again/);
  refused(manifest(), /no reranker/);
});
