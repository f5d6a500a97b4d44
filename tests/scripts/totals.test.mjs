import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTotals } from '../../scripts/totals.mjs';

test('adds up the binaries of one cargo test', () => {
  const output = [
    'running 3 tests',
    'test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s',
    'test result: \x1b[31mFAILED\x1b[0m. 4 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s',
  ].join('\n');
  assert.deepEqual(readTotals(output), { passed: 7, failed: 2 });
});

test('reads both reporters of node:test', () => {
  assert.deepEqual(readTotals('ℹ tests 6\nℹ pass 4\nℹ fail 1\nℹ cancelled 1\nℹ skipped 0'), {
    passed: 4,
    failed: 2,
  });
  assert.deepEqual(readTotals('# tests 2\n# pass 2\n# fail 0\n# cancelled 0'), { passed: 2, failed: 0 });
});

test('finds nothing where nothing ran', () => {
  assert.deepEqual(readTotals('error: could not compile `docsift`'), { passed: 0, failed: 0 });
});
