/**
 * `npm run eval`: how good the search is, over judged queries. README.md beside this file says what is measured and how.
 *
 * Without any set it takes the one that is committed: the demo's help center and its judged queries.
 */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureBrowser } from '../scripts/browser.mjs';
import { build } from '../scripts/build.mjs';
import { setUpBuild } from '../scripts/setup.mjs';
import { ROOT, runMain, runOrFail, StepError, step } from '../scripts/steps.mjs';

const COMMITTED = `${path.join(ROOT, 'web/demo/corpus/zulip-help.json')}:${path.join(ROOT, 'tests/eval/zulip-help.dev.jsonl')}`;

await runMain(async () => {
  const args = process.argv.slice(2);
  // What is built is taken as it is, so that a version can be measured beside its successor.
  const isBuilt = existsSync(path.join(ROOT, 'dist', 'eval.js'));
  const skipBuild = take(args, '--no-build') || (args.includes('--help') && isBuilt);
  const withPeers = take(args, '--peers');
  const resume = take(args, '--resume');
  if (take(args, '--fresh')) rmSync(path.join(ROOT, 'target', 'eval'), { recursive: true, force: true });
  if (!skipBuild) await build(await setUpBuild());
  else if (!isBuilt) throw new StepError('dist/eval.js is missing', 'run it without --no-build');
  const { main } = await import('../dist/eval.js');
  const { keepIndex, keepResults } = await import('./kept.mjs');
  const peers = withPeers ? await setUpPeers() : undefined;

  const text = [];
  const code = await step('Evaluation', (report) =>
    main(args, {
      defaultSets: [COMMITTED],
      print: (line) => text.push(line),
      progress: report,
      keep: keepIndex,
      results: keepResults(resume),
      peers,
    }),
  );
  console.log(`\n${text.join('\n\n')}`);
  process.exitCode = code;
});

/** Installs what docsift is compared with. */
async function setUpPeers() {
  await step('The peers, from npm', (report) =>
    // Not `npm ci`: Pagefind is a package for each platform, and it refuses a lock file made where some cannot be had.
    runOrFail('npm', ['install', '--no-save', '--no-audit', '--no-fund'], {
      cwd: path.join(ROOT, 'eval'),
      report,
      todo: 'run `npm install` in eval/ and read its message; the npm registry has to be reachable',
    }),
  );
  const { executable } = await ensureBrowser();
  // Not before: it imports what was installed just now.
  const { peers } = await import('./peers.mjs');
  return peers(executable);
}

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
