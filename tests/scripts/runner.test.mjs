/** What `npm test` and `npm run test:long` add up, and what they exit with. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT, run } from '../../scripts/steps.mjs';

const RUNNER = pathToFileURL(path.join(ROOT, 'scripts', 'runner.mjs')).href;

/**
 * Runs checks that are commands of Node, each given as what it does.
 *
 * @param {string[]} checks
 */
async function runChecks(...checks) {
  const program = `
    import { Runner } from ${JSON.stringify(RUNNER)};
    const runner = new Runner();
    await runner.runAll(async () => {
      for (const [i, check] of ${JSON.stringify(checks)}.entries())
        await runner.check('Check ' + i, process.execPath, ['--eval', check], { todo: 'mend it' });
    });`;
  const { code, output } = await run(process.execPath, ['--input-type=module', '--eval', program]);
  return { code, last: output.trim().split('\n').at(-1), output };
}

test('checks that pass are counted', async () => {
  const { code, last } = await runChecks('', '');
  assert.deepEqual([code, last], [0, '2 passed, 0 failed']);
});

test('one that fails keeps none of the others from being run, and fails the whole', async () => {
  const { code, last, output } = await runChecks('console.log("broken"); process.exit(3)', '');
  assert.deepEqual([code, last], [1, '1 passed, 1 failed']);
  assert.match(output, /broken[\s\S]*→ mend it/);
});

test('one that could not be made is told, with the reason, and counted as neither', async () => {
  const { code, last, output } = await runChecks('console.log("no server"); process.exit(69)', '');
  assert.deepEqual([code, last], [0, '1 passed, 0 failed, 1 not run']);
  assert.match(output, /✗ Check 0: not run/);
  assert.match(output, /no server/);
});

test('none at all is a failure', async () => {
  const { code, last } = await runChecks();
  assert.deepEqual([code, last], [1, '0 passed, 0 failed']);
});
