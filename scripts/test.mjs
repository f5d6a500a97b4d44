/**
 * `npm test`: sets up, builds, and runs every check and test there is: formatting, lints and types, Rust natively, the
 * kernels in a browser, TypeScript, and the demo end to end in Chromium. A failure does not stop the others.
 *
 * The last line has the totals of all runners. A check without tests of its own (a linter, a build) counts as one.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { setUpTests } from './setup.mjs';
import { CARGO_PROGRESS, printFailure, ROOT, run, StepError, step } from './steps.mjs';
import { readTotals } from './totals.mjs';

const WASM = 'wasm32-unknown-unknown';

const totals = { passed: 0, failed: 0 };

/**
 * Runs one check, and counts it.
 *
 * @param {string} title
 * @param {() => Promise<{ passed: number, failed: number }>} work throws when the check could not be carried out
 */
async function count(title, work) {
  try {
    const { passed, failed } = await work();
    totals.passed += passed;
    totals.failed += failed;
  } catch (error) {
    console.log(`\n── ${title} ──`);
    printFailure(error);
    totals.failed += 1;
  }
}

/**
 * A command that either passes or does not.
 *
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @param {{ todo: string, env?: Record<string, string> }} options
 */
const check = (title, command, args, { todo, env }) =>
  count(title, () =>
    step(title, async (report) => {
      const { code, output } = await run(command, args, { report, env });
      if (code !== 0) throw new StepError(`${title} failed`, todo, output);
      return { passed: 1, failed: 0 };
    }),
  );

/**
 * A test runner. Having run no test at all is a failure.
 *
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string }} [options]
 */
const suite = (title, command, args, options = {}) =>
  count(title, async () => {
    const { passed, failed, output } = await step(title, async (report, note) => {
      const { code, output } = await run(command, args, { report, ...options });
      const found = readTotals(output);
      // A runner that was cut short fails without having counted a failure.
      const failed = Math.max(found.failed, code === 0 ? 0 : 1);
      note(`${found.passed} passed, ${failed} failed`, failed === 0 && found.passed > 0);
      return { passed: found.passed, failed, output };
    });
    if (failed > 0) console.log(`\n── ${title} ──\n${output.trimEnd()}\n`);
    else if (passed === 0)
      throw new StepError('no test was run', 'see above why the runner found none', output);
    return { passed, failed };
  });

/** @param {Awaited<ReturnType<typeof setUpTests>>} tools */
async function runEverything(tools) {
  const { toolchain, wasmBindgen, browser } = tools;
  const clippy = ['clippy', '--locked', '--quiet'];
  const deny = ['--', '-D', 'warnings'];

  await check('cargo fmt', 'cargo', ['fmt', '--all', '--check'], { todo: 'run `cargo fmt --all`' });
  await check('clippy', 'cargo', [...clippy, '--workspace', '--all-targets', ...deny], {
    todo: 'mend what clippy names above',
  });
  // Clippy compiles with its own rustc, so it sees this target only where that has the target's standard library.
  if (toolchain.kind === 'installed') {
    const library = ['--lib', '--target', WASM, '--all-features'];
    await check('clippy, wasm32', 'cargo', [...clippy, ...library, ...deny], {
      todo: 'mend what clippy names above',
    });
    const lexical = ['--lib', '--target', WASM, '--no-default-features', '--features', 'lexical'];
    await check('clippy, lexical alone', 'cargo', [...clippy, ...lexical, ...deny], {
      todo: 'mend what clippy names above',
    });
  }
  await check('Lint', 'npm', ['run', '--silent', 'lint'], {
    todo: 'run `npm run format`, then mend what is left',
  });

  let built = false;
  await count('Build', async () => {
    await build(tools);
    built = true;
    return { passed: 1, failed: 0 };
  });
  await check('Types', 'npm', ['run', '--silent', 'typecheck'], { todo: 'mend what tsc names above' });
  await suite('TypeScript tests', 'npm', ['run', '--silent', 'test:ts']);
  // A failure must not keep the tests of other files from being run.
  await suite('Rust tests', 'cargo', ['test', '--workspace', '--locked', '--no-fail-fast'], {
    env: CARGO_PROGRESS,
  });
  await suite('Kernel tests in Chromium', 'cargo', kernelTests(toolchain.args), {
    env: {
      ...CARGO_PROGRESS,
      ...toolchain.env,
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: wasmBindgen.testRunner,
      CHROMEDRIVER: browser.driver,
    },
  });
  await suite('Script tests', process.execPath, nodeTests('tests/scripts'));
  if (built) {
    await suite('Search quality', process.execPath, nodeTests('tests/eval'));
    await suite('Command-line tests', process.execPath, nodeTests('tests/cli'));
    await suite('Documentation tests', process.execPath, nodeTests('tests/docs'));
    const env = { CHROMIUM: browser.executable };
    await suite('Package tests', process.execPath, nodeTests('tests/package'), { env });
    await suite('Browser tests', process.execPath, nodeTests('tests/browser'), { env });
  }
}

/**
 * One file at a time: every page of a browser test loads two models, and the timings asserted are of one page.
 *
 * @param {string} folder
 */
function nodeTests(folder) {
  const files = readdirSync(path.join(ROOT, folder)).filter((file) => file.endsWith('.test.mjs'));
  return [
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=1',
    ...files.map((file) => path.join(folder, file)),
  ];
}

/** @param {string[]} toolchainArgs */
function kernelTests(toolchainArgs) {
  return [
    'test',
    '--locked',
    '--release',
    '--package',
    'docsift',
    '--target',
    WASM,
    // Neither candle nor a tokenizer is linked, which takes minutes: kernels work on plain slices.
    '--no-default-features',
    '--features',
    'relaxed-simd',
    '--test',
    'kernel',
    ...toolchainArgs,
    // A std built here is built once, for panic = "abort": tests must be compiled for it too.
    ...(toolchainArgs.length > 0 ? ['-Z', 'panic-abort-tests'] : []),
  ];
}

try {
  await runEverything(await setUpTests());
} catch (error) {
  printFailure(error);
  totals.failed += 1;
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
