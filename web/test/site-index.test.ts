import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIndexManifest } from '../src/site-index.js';

const GOOD = {
  format: 'docsift-index',
  version: 1,
  model: { id: 'all-minilm-l6-v2', fingerprint: '0123456789abcdef' },
  documents: 2,
  passages: 5,
  file: 'index.0123456789abcdef.docsift',
  bytes: 1000,
  sha256: 'a'.repeat(64),
};

const parse = (json: unknown) => parseIndexManifest(JSON.stringify(json), '/docsift/index.json');

test('the manifest of an index is read', () => {
  assert.deepEqual(parse(GOOD), GOOD);
});

test('what is no manifest of an index is refused, and said why', () => {
  const refused = (json: unknown, message: RegExp) =>
    assert.throws(() => parse(json), { code: 'invalid_index', message });
  refused([], /index\.json: expected the format "docsift-index"/);
  refused(null, /expected an object/);
  refused({ ...GOOD, version: 2 }, /expected version 1, found 2/);
  refused({ ...GOOD, model: { id: 'x' } }, /a fingerprint/);
  refused({ ...GOOD, file: '' }, /"file"/);
  refused({ ...GOOD, bytes: 1.5 }, /"bytes"/);
  refused({ ...GOOD, sha256: 'A'.repeat(64) }, /"sha256"/);
  assert.throws(() => parseIndexManifest('<!doctype html>', '/x'), {
    code: 'invalid_index',
    message: /found an HTML page/,
  });
});
