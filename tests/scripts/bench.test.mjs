import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toChart } from '../../bench/lib/chart.mjs';
import { toMarkdown } from '../../bench/lib/report.mjs';
import { doubts, ratios } from '../../bench/lib/results.mjs';
import { cosines, quantile, spearman } from '../../bench/lib/statistics.mjs';
import { readWorkloads } from '../../bench/lib/workloads.mjs';

const row = (id, workload, median_ms, fields = {}) => ({
  id,
  engine: id.startsWith('docsift') ? 'docsift' : id,
  version: '1.0.0',
  dtype: 'q8',
  threads: id.endsWith('2') ? 2 : 1,
  isolated: false,
  workload,
  samples: 5,
  median_ms,
  p10_ms: median_ms,
  p90_ms: median_ms,
  gmacs: 40,
  heap_mb: 50,
  download_mb: 30,
  tokens: 6358,
  spearman: 0.99,
  spearman_least: 0.98,
  cosine_least: null,
  ...fields,
});

test('quantiles lie between two values where no value is there', () => {
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([1, 2], 0.5), 1.5);
  assert.equal(quantile([0, 10], 0.1), 1);
});

test('rank correlation: the same order, the reverse, and equal values', () => {
  assert.equal(spearman([1, 2, 3], [10, 200, 3000]), 1);
  assert.equal(spearman([1, 2, 3], [3, 2, 1]), -1);
  // Ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: 4.5 / √(4.5 · 5).
  assert.ok(Math.abs(spearman([1, 2, 2, 4], [1, 2, 3, 4]) - Math.sqrt(0.9)) < 1e-12);
});

test('cosines are of rows', () => {
  assert.deepEqual(cosines([1, 0, 3, 4], [2, 0, -3, -4], 2), [1, -1]);
});

test('ratios compare with the fastest peer that has as many threads', () => {
  const rows = [
    row('docsift', 'W1', 100),
    row('slow', 'W1', 900),
    row('fast', 'W1', 250),
    row('fast2', 'W1', 150),
  ];
  const found = ratios(rows, { Dot: 50 });
  const one = found.find(({ claim }) => claim.startsWith('W1: one worker, against the fastest peer'));
  assert.equal(one.found, 2.5);
  // 62 of 72 parts of the linear layers are computed for a token, the rest for [CLS] alone: 0.8622 × 40 of 50.
  assert.ok(Math.abs(found.find(({ unit }) => unit === ' %').found - 68.98) < 0.01);
  assert.equal(found.length, 2, 'what was not run has no ratio');
});

test('a row with other tokens, or an exact one far from the reference, is doubted', () => {
  const workloads = readWorkloads({ repeats: 1, quick: false });
  assert.deepEqual(doubts([row('docsift', 'W1', 100)], workloads, 1), []);
  assert.match(doubts([row('padded', 'W1', 100, { tokens: 7000 })], workloads, 1)[0], /7000 tokens/);
  assert.match(
    doubts([row('exact', 'W1', 1, { dtype: 'fp32', spearman: 0.9 })], workloads, 1)[0],
    /reference/,
  );
});

test('no repeat has the texts of another', () => {
  for (const { id, repeats, input } of readWorkloads({ repeats: 5, quick: false })) {
    if (id === 'W3') continue;
    const inputs = Array.from({ length: repeats }, (_, repeat) => JSON.stringify(input(repeat)));
    assert.equal(new Set(inputs).size, repeats, id);
  }
});

test('the report and the chart hold every engine', () => {
  const rows = [row('docsift', 'W1', 100), row('a<b', 'W1', 250), row('fast2', 'W1', 150)];
  const workloads = readWorkloads({ repeats: 1, quick: false });
  const report = toMarkdown({ rows, workloads, ratios: ratios(rows, {}), kernelRates: {}, browser: '1' });
  const chart = toChart(rows, workloads[0]);
  for (const name of ['docsift', 'fast2']) {
    assert.ok(report.includes(name));
    assert.ok(chart.includes(name));
  }
  assert.ok(chart.includes('a&#60;b'));
});
