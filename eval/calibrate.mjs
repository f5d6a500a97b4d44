/**
 * `npm run calibrate -- FOLDER`: fits the calibrations of the default models to graded queries, and prints them as they
 * stand in a manifest. README.md beside this file says to what they are fitted.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { setUpBuild } from '../scripts/setup.mjs';
import { ROOT, runMain, StepError, step } from '../scripts/steps.mjs';
import { readGraded } from './graded.mjs';

/** A result is relevant when it answers the query, or a good part of it. */
const RELEVANT_FROM = 2;

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      every: { type: 'string', default: '1' },
      sources: { type: 'string', default: '1000' },
      retrieve: { type: 'string', default: '50' },
      models: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
    },
  });
  const [folder] = positionals;
  const [every, sources, retrieve] = [values.every, values.sources, values.retrieve].map(Number);
  if (
    folder === undefined ||
    [every, sources, retrieve].some((count) => !Number.isInteger(count) || count < 1)
  )
    throw new StepError(
      'expected the folder of the graded queries, and whole numbers of at least 1',
      '`npm run calibrate -- FOLDER [--every N] [--sources N] [--retrieve N] [--models FOLDER] [--no-build]`',
    );
  if (!values['no-build']) await build(await setUpBuild());
  else if (!existsSync(path.join(ROOT, 'dist', 'eval.js')))
    throw new StepError('dist/eval.js is missing', 'run it without --no-build');
  const { CALIBRATED, examplesOf, fitCalibration, showSet } = await import('../dist/eval.js');
  const { keepIndex } = await import('./kept.mjs');

  const sets = readGraded(folder)
    .slice(0, sources)
    .map((set) => ({ ...set, queries: set.queries.filter((_, i) => i % every === 1 % every) }));
  const system = { modelBaseUrl: values.models };
  const shown = await step('Graded queries', async (report) => {
    /** @type {import('../dist/types/eval/index.js').ShownQuery[]} */
    const all = [];
    for (const [i, set] of sets.entries()) {
      const tell = (text) => report(`${set.name} (${i + 1} of ${sets.length}): ${text}`);
      const keep = await keepIndex(set, system);
      const { own } = await showSet(set, [], { ...system, keep }, { retrieve }, tell);
      all.push(...own);
    }
    return all;
  });

  for (const stage of CALIBRATED) {
    const examples = examplesOf(shown, stage, RELEVANT_FROM);
    const { slope, intercept } = fitCalibration(examples);
    const relevant = examples.filter((example) => example.relevant).length;
    const model = stage === 'hybrid' ? 'embedder' : 'reranker';
    console.log(
      `${model}: "calibration": { "slope": ${slope.toFixed(4)}, "intercept": ${intercept.toFixed(4)} } ` +
        `(${examples.length} results of ${shown.length} queries, ${relevant} of them relevant)`,
    );
  }
});
