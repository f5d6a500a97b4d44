import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Metric, measure } from '../src/eval/outcome.js';
import { estimate, estimateOverGroups, percentile, spearman } from '../src/eval/statistics.js';

/** What ir_measures and scipy say; see tests/eval/make_metrics.py. */
const { rankings, correlations } = JSON.parse(readFileSync('tests/eval/metrics.json', 'utf8')) as {
  rankings: { grades: Record<string, number>; ranking: string[]; values: Partial<Record<Metric, number>> }[];
  correlations: { a: number[]; b: number[]; spearman: number | null }[];
};

function close(found: number | undefined, expected: number, what: string) {
  assert.ok(found !== undefined && Math.abs(found - expected) < 1e-9, `${what}: ${found}, not ${expected}`);
}

test('ranking metrics agree with ir_measures', () => {
  assert.equal(rankings.length, 40);
  for (const [i, { grades, ranking, values }] of rankings.entries()) {
    const found = measure(ranking, new Map(Object.entries(grades)));
    for (const [metric, expected] of Object.entries(values))
      close(found[metric as Metric], expected, `ranking ${i}, ${metric}`);
  }
});

test('what no other tool counts, by hand', () => {
  const grades = new Map([
    ['a', 2],
    ['b', 0],
  ]);
  const values = measure(['b', 'x', 'a'], grades);
  assert.equal(values['wrong@10'], 2);
  assert.equal(values.zero, 0);
  assert.equal(measure([], grades).zero, 1);
  assert.equal(measure([], grades)['ndcg@10'], 0);
});

test('Spearman agrees with scipy, and is undefined where it has no meaning', () => {
  for (const [i, { a, b, spearman: expected }] of correlations.entries()) {
    if (expected === null) assert.equal(spearman(a, b), undefined);
    else close(spearman(a, b), expected, `correlation ${i}`);
  }
  assert.equal(spearman([1], [1, 2]), undefined);
  assert.equal(spearman([Number.NaN, 1], [1, 2]), undefined);
});

test('a bootstrap interval is the same each time, holds the mean, and narrows with more queries', () => {
  const values = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 0 : 1));
  const few = estimate(values);
  assert.deepEqual(few, estimate(values));
  assert.equal(few.mean, 0.75);
  // Binomial: 1.96 × √(0.75 × 0.25 / 40) is 0.134.
  assert.ok(Math.abs(few.high - few.low - 2 * 0.134) < 0.06, `from ${few.low} to ${few.high}`);
  const many = estimate(Array.from({ length: 10 }, () => values).flat());
  assert.ok(many.high - many.low < (few.high - few.low) / 2);
  assert.deepEqual(estimate([0.5, 0.5]), { mean: 0.5, low: 0.5, high: 0.5 });
});

test('each set counts the same in a mean of sets', () => {
  const { mean, low, high } = estimateOverGroups([
    [1, 1, 1, 1, 1, 1],
    [0, 0],
  ]);
  assert.deepEqual([mean, low, high], [0.5, 0.5, 0.5]);
});

test('percentiles are interpolated', () => {
  assert.equal(percentile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(percentile([4, 1, 3, 2], 1), 4);
  assert.equal(percentile([], 0.5), 0);
});
