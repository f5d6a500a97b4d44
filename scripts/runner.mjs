/**
 * Runs checks and suites of tests one after the other, and adds up what they found. A failure does not stop the others; the
 * last line has the totals of all. A check without tests of its own (a linter, a build) counts as one.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { printFailure, ROOT, run, StepError, step } from './steps.mjs';
import { readTotals } from './totals.mjs';

/** What a command exits with that could not do its work for a reason outside, such as a server that is not to be reached. */
export const NOT_RUN = 69;

export class Runner {
  #passed = 0;
  #failed = 0;
  #notRun = 0;

  /**
   * Runs one check, and counts it.
   *
   * @param {string} title
   * @param {() => Promise<{ passed?: number, failed?: number, notRun?: number }>} work throws when the check could not be
   *   carried out
   */
  async count(title, work) {
    try {
      const { passed = 0, failed = 0, notRun = 0 } = await work();
      this.#passed += passed;
      this.#failed += failed;
      this.#notRun += notRun;
    } catch (error) {
      console.log(`\n── ${title} ──`);
      printFailure(error);
      this.#failed += 1;
    }
  }

  /**
   * A command that either passes or does not. One that exits with `NOT_RUN` has done neither: what it printed says why, and
   * the totals tell of it.
   *
   * @param {string} title
   * @param {string} command
   * @param {string[]} args
   * @param {{ todo: string, env?: Record<string, string> }} options
   */
  check(title, command, args, { todo, env }) {
    return this.count(title, async () => {
      const { code, output } = await step(title, async (report, note) => {
        const { code, output } = await run(command, args, { report, env });
        if (code === NOT_RUN) note('not run', false);
        else if (code !== 0) throw new StepError(`${title} failed`, todo, output);
        return { code, output };
      });
      if (code !== NOT_RUN) return { passed: 1 };
      console.log(`\n── ${title} ──\n${output.trimEnd()}\n`);
      return { notRun: 1 };
    });
  }

  /**
   * A test runner. Having run no test at all is a failure.
   *
   * @param {string} title
   * @param {string} command
   * @param {string[]} args
   * @param {{ env?: Record<string, string>, cwd?: string, show?: boolean }} [options] `show`: prints what it printed, with
   *   the figures measured, also where nothing failed
   */
  suite(title, command, args, { show = false, ...options } = {}) {
    return this.count(title, async () => {
      const { passed, failed, output } = await step(title, async (report, note) => {
        const { code, output } = await run(command, args, { report, ...options });
        const found = readTotals(output);
        // A runner that was cut short fails without having counted a failure.
        const failed = Math.max(found.failed, code === 0 ? 0 : 1);
        note(`${found.passed} passed, ${failed} failed`, failed === 0 && found.passed > 0);
        return { passed: found.passed, failed, output };
      });
      if (failed > 0 || (show && passed > 0)) console.log(`\n── ${title} ──\n${output.trimEnd()}\n`);
      else if (passed === 0)
        throw new StepError('no test was run', 'see above why the runner found none', output);
      return { passed, failed };
    });
  }

  /**
   * Does all of it, prints the totals and sets the exit code.
   *
   * @param {() => Promise<void>} work
   */
  async runAll(work) {
    try {
      await work();
    } catch (error) {
      printFailure(error);
      this.#failed += 1;
    }
    const notRun = this.#notRun > 0 ? `, ${this.#notRun} not run` : '';
    console.log(`\n${this.#passed} passed, ${this.#failed} failed${notRun}`);
    process.exitCode = this.#failed > 0 || this.#passed === 0 ? 1 : 0;
  }
}

/**
 * What runs the tests of a folder in Node. One file at a time: every page of a browser test loads two models, and the
 * timings asserted are of one page.
 *
 * @param {string} folder
 */
export function nodeTests(folder) {
  const files = readdirSync(path.join(ROOT, folder)).filter((file) => file.endsWith('.test.mjs'));
  return [
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=1',
    ...files.map((file) => path.join(folder, file)),
  ];
}
