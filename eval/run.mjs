/**
 * `npm run eval`: how good the search is, over judged queries. README.md beside this file says what is measured and how.
 *
 * Without any set it takes the one that is committed: the demo's help center and its judged queries.
 */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from '../scripts/build.mjs';
import { setUpBuild } from '../scripts/setup.mjs';
import { ROOT, runMain, StepError, step } from '../scripts/steps.mjs';

const COMMITTED = `${path.join(ROOT, 'web/demo/corpus/zulip-help.json')}:${path.join(ROOT, 'tests/eval/zulip-help.dev.jsonl')}`;

await runMain(async () => {
  const args = process.argv.slice(2);
  // What is built is taken as it is, so that a version can be measured beside its successor.
  const skipBuild = take(args, '--no-build');
  if (take(args, '--fresh')) rmSync(path.join(ROOT, 'target', 'eval'), { recursive: true, force: true });
  if (!skipBuild) await build(await setUpBuild());
  else if (!existsSync(path.join(ROOT, 'dist', 'eval.js')))
    throw new StepError('dist/eval.js is missing', 'run it without --no-build');
  const { main } = await import('../dist/eval.js');
  const { keepIndex } = await import('./index-cache.mjs');

  const text = [];
  const code = await step('Evaluation', (report) =>
    main(args, {
      defaultSets: [COMMITTED],
      print: (line) => text.push(line),
      progress: report,
      keep: keepIndex,
    }),
  );
  console.log(`\n${text.join('\n\n')}`);
  process.exitCode = code;
});

/**
 * Takes a flag out of the arguments; returns whether it was there.
 *
 * @param {string[]} args
 * @param {string} flag
 */
function take(args, flag) {
  const place = args.indexOf(flag);
  if (place >= 0) args.splice(place, 1);
  return place >= 0;
}
