/** Fitting calibrations, and measuring how far they are to be trusted. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { probabilityOf } from '../src/calibration.js';
import { calibrationToMarkdown, examplesOf, toCalibrationReport } from '../src/eval/calibration.js';
import type { Dataset } from '../src/eval/dataset.js';
import { fitCalibration } from '../src/eval/platt.js';
import { expectedCalibrationError, reliability, thresholdOf } from '../src/eval/reliability.js';
import { foreignQueries, type ShownHit, type ShownQuery } from '../src/eval/shown.js';

/** What scikit-learn and torchmetrics say; see tests/eval/make_calibration.py. */
const { fits, errors } = JSON.parse(readFileSync('tests/eval/calibration.json', 'utf8')) as {
  fits: { final: number[]; relevant: boolean[]; slope: number; intercept: number }[];
  errors: { score: number[]; relevant: boolean[]; bins: number; error: number }[];
};

test('a fit is that of scikit-learn', () => {
  assert.equal(fits.length, 12);
  for (const [i, { final, relevant, slope, intercept }] of fits.entries()) {
    const found = fitCalibration(
      final.map((score, k) => ({ final: score, relevant: relevant[k] as boolean })),
    );
    // Its own search ends at a gradient of 1e-6; what counts is the probabilities.
    for (const score of final) {
      const difference = probabilityOf(found, score) - probabilityOf({ slope, intercept }, score);
      assert.ok(
        Math.abs(difference) < 1e-4,
        `fit ${i}: ${JSON.stringify(found)}, not ${slope}, ${intercept}`,
      );
    }
  }
});

test('a fit to what tells nothing is refused', () => {
  const examples = (relevant: boolean[]) => relevant.map((each, i) => ({ final: i, relevant: each }));
  const refused = (given: boolean[], message: RegExp) =>
    assert.throws(() => fitCalibration(examples(given)), { code: 'invalid_input', message });
  refused([], /found 0 relevant results and 0 others/);
  refused([true, true], /found 2 relevant results and 0 others/);
  refused([true, true, false, false], /do not score higher/);
});

test('the expected calibration error is that of torchmetrics', () => {
  assert.equal(errors.length, 12);
  for (const [i, { score, relevant, bins, error }] of errors.entries()) {
    const told = score.map((each, k) => ({ score: each, relevant: relevant[k] as boolean }));
    const found = expectedCalibrationError(told, bins);
    assert.ok(Math.abs(found - error) < 1e-6, `case ${i}: ${found}, not ${error}`);
  }
});

test('0 is in the first bin and 1 in the last', () => {
  const told = [0, 1].map((score) => ({ score, relevant: score === 1 }));
  const bins = reliability(told, 4).map(({ to, results, told, relevant }) => [to, results, told, relevant]);
  assert.deepEqual(bins[0], [0.25, 1, 0, 0]);
  assert.deepEqual(bins[3], [1, 1, 1, 1]);
  assert.equal(expectedCalibrationError(told), 0);
  assert.equal(expectedCalibrationError([]), 0);
});

test('what a threshold does, by hand', () => {
  const told = [
    { score: 0.9, relevant: true },
    { score: 0.1, relevant: true },
    { score: 0.2, relevant: false },
    { score: 0.05, relevant: false },
  ];
  assert.deepEqual(thresholdOf(0.2, [0.9, 0.1], [0.3, 0, 0.1, 0.2], told), {
    minScore: 0.2,
    precision: 2 / 3,
    recall: 0.5,
    lost: 0.5,
    relevantLeftOut: 0.5,
    othersLeftOut: 0.5,
  });
  assert.equal(thresholdOf(0, [1], [1], told).precision, undefined);
});

const shown = (id: string, ...hits: [final: number, grade?: number][]): ShownQuery => {
  const list = hits.map(
    ([final, grade], i): ShownHit => ({ id: `${id}${i}`, final, score: final / 10, grade }),
  );
  return { id, hits: { hybrid: list, reranked: [] } };
};

test('a fit takes what was shown, and what was not judged as not relevant', () => {
  const queries = [shown('a', [9, 3], [8, 1]), shown('b', [7, 2], [6])];
  const relevant = (from: number) => examplesOf(queries, 'hybrid', from).map((each) => each.relevant);
  assert.deepEqual(relevant(2), [true, false, true, false]);
  assert.deepEqual(relevant(1), [true, true, true, false]);
  assert.deepEqual(
    examplesOf(queries, 'hybrid', 2).map(({ final }) => final),
    [9, 8, 7, 6],
  );
});

test('a report has each set and all, and leaves out a stage that was not run', () => {
  const sets = [
    { name: 'one', own: [shown('a', [9, 2], [4, 1], [1])], foreign: [shown('x', [2])] },
    { name: 'two', own: [shown('b', [3], [2])], foreign: [shown('y')] },
  ];
  const report = toCalibrationReport(sets);
  assert.deepEqual(
    report.map(({ stage, foreign }) => [stage, foreign]),
    [['hybrid', 2]],
  );
  const [one, two, all] = report[0]?.trust ?? [];
  assert.deepEqual([one?.name, one?.queries, one?.results], ['one', 1, 3]);
  assert.ok(Math.abs((one?.told ?? 0) - 1.4 / 3) < 1e-9);
  assert.ok(Math.abs((one?.helping ?? 0) - 2 / 3) < 1e-9);
  assert.ok(Math.abs((one?.answering ?? 0) - 1 / 3) < 1e-9);
  assert.ok(Math.abs((two?.errorHelping ?? 0) - 0.25) < 1e-9);
  assert.deepEqual([all?.name, all?.queries, all?.results], ['all', 2, 5]);
  assert.deepEqual(
    report[0]?.ranks.map(({ told, helping, answering }) => [told.toFixed(2), helping, answering]),
    [
      ['0.60', 0.5, 0.5],
      ['0.30', 0.5, 0],
      ['0.10', 0, 0],
      ['0.00', 0, 0],
      ['0.00', 0, 0],
    ],
  );
  // The query that nothing was found for counts as told so.
  assert.equal(report[0]?.thresholds.find(({ minScore }) => minScore === 0.1)?.recall, 0.5);
  const { answeringLeftOut, relevantLeftOut } =
    report[0]?.thresholds.find(({ minScore }) => minScore === 0.5) ?? {};
  assert.deepEqual([answeringLeftOut, relevantLeftOut], [0, 0.5]);
  assert.match(calibrationToMarkdown(report), /\| all \| 2 \| 5 \| 0\.380 \| 0\.200 \| 0\.\d+ \| 0\.400 \|/);
});

test('for models without a calibration, a report has what fits alone', () => {
  const queries = [shown('a', [9, 2], [1]), shown('b', [8, 2], [2]), shown('c', [3, 1], [4])];
  const own = queries.map(({ id, hits }) => {
    return { id, hits: { hybrid: hits.hybrid.map((hit) => ({ ...hit, score: undefined })), reranked: [] } };
  });
  const [hybrid] = toCalibrationReport([{ name: 'one', own, foreign: [] }]);
  assert.deepEqual([hybrid?.trust, hybrid?.ranks, hybrid?.helping, hybrid?.thresholds], [[], [], [], []]);
  assert.deepEqual(hybrid?.fitted, fitCalibration(examplesOf(queries, 'hybrid', 2)));
  assert.match(
    calibrationToMarkdown([hybrid as never]),
    /no calibration.*\n\nFitted to these: slope 0\.\d+/s,
  );
});

test('queries without an answer are taken evenly from the other sets', () => {
  const set = (name: string, count: number): Dataset => ({
    ...{ name, documents: [] },
    queries: Array.from({ length: count }, (_, i) => ({
      ...{ id: String(i), text: name, grades: new Map([['d', 2]]) },
    })),
  });
  const sets = [set('a', 4), set('b', 6), set('c', 2)];
  const taken = foreignQueries(sets, 0, 4);
  assert.deepEqual(
    taken.map(({ id, grades }) => [id, grades.size]),
    [
      ['b/0', 0],
      ['b/2', 0],
      ['b/4', 0],
      ['c/0', 0],
    ],
  );
  assert.equal(foreignQueries(sets, 0, 100).length, 8);
  assert.deepEqual(foreignQueries([set('a', 4)], 0, 4), []);
});
