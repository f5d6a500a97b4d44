/**
 * `npm run test:long`: what takes too long for every change, in full: load, memory, a second build of the WebAssembly,
 * advisories, and fuzzing. `npm test` runs a short form of each. Four hours, most of it fuzzing.
 *
 *     npm run test:long [-- --minutes N]
 *
 * Each target is fuzzed 10,000,000 times or for 20 minutes, whichever comes first; with `--minutes`, for N minutes at most.
 */
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { nodeTests, Runner } from './runner.mjs';
import { setUpTests } from './setup.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '20' } } });
const FUZZ_UNTIL = ['--executions', '10000000', '--minutes', values.minutes];

const runner = new Runner();

await runner.runAll(async () => {
  const tools = await setUpTests();
  await build(tools);
  await runner.suite('Long tests', process.execPath, nodeTests('tests/long'), {
    env: { CHROMIUM: tools.browser.executable, DOCSIFT_TESTS: 'long' },
    show: true,
  });
  for (const [title, what] of [
    ['Crates by cargo-deny', 'crates'],
    ['Advisories of RustSec', 'advisories'],
    ['Advisories of npm', 'npm'],
  ]) {
    await runner.check(title, process.execPath, ['scripts/supply-chain/audit.mjs', what], {
      todo: 'update what is named above, or say in deny.toml why it does not matter here',
    });
  }
  await runner.check('Fuzzing', process.execPath, ['scripts/fuzz.mjs', ...FUZZ_UNTIL], {
    todo: 'read the message above: the input that it names makes the target fail again',
  });
});
