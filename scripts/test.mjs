/**
 * `npm test`: sets up, builds, and runs every check and test there is: formatting, lints and types, Rust natively, the
 * kernels in a browser, TypeScript, the demo end to end in Chromium, and the training's example; of the long ones a short form.
 */
import { build } from './build.mjs';
import { WASM } from './cargo.mjs';
import { nodeTests, Runner } from './runner.mjs';
import { setUpTests } from './setup.mjs';
import { CARGO_PROGRESS } from './steps.mjs';

const runner = new Runner();

/** @param {Awaited<ReturnType<typeof setUpTests>>} tools */
async function runEverything(tools) {
  const { toolchain, wasmBindgen, browser } = tools;
  const clippy = ['clippy', '--locked', '--quiet'];
  const deny = ['--', '-D', 'warnings'];

  await runner.check('cargo fmt', 'cargo', ['fmt', '--all', '--check'], { todo: 'run `cargo fmt --all`' });
  await runner.check('clippy', 'cargo', [...clippy, '--workspace', '--all-targets', ...deny], {
    todo: 'mend what clippy names above',
  });
  // Clippy compiles with its own rustc, so it sees this target only where that has the target's standard library.
  if (toolchain.kind === 'installed') {
    const library = ['--lib', '--target', WASM, '--all-features'];
    await runner.check('clippy, wasm32', 'cargo', [...clippy, ...library, ...deny], {
      todo: 'mend what clippy names above',
    });
    const lexical = ['--lib', '--target', WASM, '--no-default-features', '--features', 'lexical'];
    await runner.check('clippy, lexical alone', 'cargo', [...clippy, ...lexical, ...deny], {
      todo: 'mend what clippy names above',
    });
  }
  await runner.check('Lint', 'npm', ['run', '--silent', 'lint'], {
    todo: 'run `npm run format`, then mend what is left',
  });

  let built = false;
  await runner.count('Build', async () => {
    await build(tools);
    built = true;
    return { passed: 1 };
  });
  await runner.check('Types', 'npm', ['run', '--silent', 'typecheck'], {
    todo: 'mend what tsc names above',
  });
  await runner.suite('TypeScript tests', 'npm', ['run', '--silent', 'test:ts']);
  // A failure must not keep the tests of other files from being run.
  await runner.suite('Rust tests', 'cargo', ['test', '--workspace', '--locked', '--no-fail-fast'], {
    env: CARGO_PROGRESS,
  });
  await runner.suite('Kernel tests in Chromium', 'cargo', kernelTests(toolchain.args), {
    env: {
      ...CARGO_PROGRESS,
      ...toolchain.env,
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: wasmBindgen.testRunner,
      CHROMEDRIVER: browser.driver,
    },
  });
  await runner.suite('Script tests', process.execPath, nodeTests('tests/scripts'));
  await runner.suite('Supply chain tests', process.execPath, nodeTests('tests/supply-chain'));
  if (built) {
    await runner.suite('Search quality', process.execPath, nodeTests('tests/eval'));
    await runner.suite('Command-line tests', process.execPath, nodeTests('tests/cli'));
    await runner.suite('Documentation tests', process.execPath, nodeTests('tests/docs'));
    const env = { CHROMIUM: browser.executable };
    await runner.suite('Package tests', process.execPath, nodeTests('tests/package'), { env });
    await runner.suite('Browser tests', process.execPath, nodeTests('tests/browser'), { env });
    await runner.suite('Training', process.execPath, nodeTests('tests/training'), { env });
    await runner.suite('Long tests, in short', process.execPath, nodeTests('tests/long'), { env });
  }
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

await runner.runAll(async () => runEverything(await setUpTests()));
