import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocsiftError, isErrorRecord } from '../src/errors.js';

test('keeps the code of a typed error, whatever its class', () => {
  const own = new DocsiftError('integrity', 'wrong hash');
  assert.equal(DocsiftError.from(own), own);
  const foreign = Object.assign(new Error('no such model'), { name: 'DocsiftError', code: 'invalid_model' });
  const error = DocsiftError.from(foreign);
  assert.ok(error instanceof DocsiftError);
  assert.deepEqual(
    [error.code, error.message, error.name],
    ['invalid_model', 'no such model', 'DocsiftError'],
  );
});

test('gives anything else the fallback, and keeps it as the cause', () => {
  const trap = new WebAssembly.RuntimeError('unreachable');
  const error = DocsiftError.from(trap, 'worker_crashed');
  assert.deepEqual([error.code, error.message, error.cause], ['worker_crashed', 'unreachable', trap]);
  assert.equal(DocsiftError.from('text').code, 'internal');
  assert.equal(isErrorRecord(trap), false);
  assert.equal(isErrorRecord({ name: 'Error', code: 'integrity' }), false);
  assert.equal(isErrorRecord(null), false);
});
