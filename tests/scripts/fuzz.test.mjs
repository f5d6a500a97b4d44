import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SOURCES, targetNames } from '../../scripts/fuzz/build.mjs';
import { readRun } from '../../scripts/fuzz/output.mjs';

test('what libFuzzer printed is read, also where it was ended by a fault', () => {
  const going = [
    'INFO: seed corpus: files: 5 min: 4123b max: 15012b total: 41234b rss: 61Mb',
    '#6\tINITED cov: 4321 ft: 9000 corp: 5/40Kb exec/s: 0 rss: 80Mb',
    '#1234\tNEW    cov: 4400 ft: 9100 corp: 6/44Kb lim: 16384 exec/s: 617 rss: 90Mb L: 4123/15012 MS: 1 EraseBytes-',
  ];
  assert.deepEqual(readRun(going.join('\n')), { executions: 1234, perSecond: 0, coverage: 4400, corpus: 6 });
  const done = [
    ...going,
    '#2000\tDONE   cov: 4400 ft: 9100 corp: 6/44Kb lim: 16384 exec/s: 666 rss: 90Mb',
    'stat::number_of_executed_units: 2000',
    'stat::average_exec_per_sec:     666',
  ];
  assert.deepEqual(readRun(done.join('\n')), { executions: 2000, perSecond: 666, coverage: 4400, corpus: 6 });
  assert.deepEqual(readRun(''), { executions: 0, perSecond: 0, coverage: 0, corpus: 0 });
});

test('every target has its program and its seeds, which are small', () => {
  const targets = targetNames();
  assert.ok(targets.length >= 10);
  let bytes = 0;
  for (const target of targets) {
    const program = readFileSync(path.join(SOURCES, 'fuzz_targets', `${target}.rs`), 'utf8');
    assert.ok(program.includes(`run("${target}", bytes)`), target);
    for (const kind of ['seeds', 'found']) {
      const folder = path.join(SOURCES, kind, target);
      const files = existsSync(folder) ? readdirSync(folder) : [];
      assert.ok(kind !== 'seeds' || files.length > 0, `${target} has no seed`);
      for (const file of files) bytes += statSync(path.join(folder, file)).size;
    }
  }
  assert.ok(bytes < 300_000, `${bytes} bytes`);
});
