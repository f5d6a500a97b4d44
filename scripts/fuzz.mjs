/**
 * Fuzzes the parsers of untrusted bytes with libFuzzer and AddressSanitizer: `crate/fuzz/`, one target for each parser.
 *
 *     node scripts/fuzz.mjs [--target NAME]… [--executions N | --minutes N] [--coverage]
 *
 * Each target runs for N minutes, or until it was executed N times (without either: one minute). What a run finds new is
 * kept in target/fuzz/corpus and goes on from there. A panic, an allocation or a time that a small input does not bear out,
 * or an access outside an object ends the target; the input that led to it is written beside, and the exit code is 1.
 * With `--coverage` nothing is fuzzed: the share of each parser's lines is told that the corpus reaches.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildTargets, FUZZ, SOURCES, targetNames } from './fuzz/build.mjs';
import { printCoverage } from './fuzz/coverage.mjs';
import { readRun } from './fuzz/output.mjs';
import { ROOT, run, runMain, StepError, step } from './steps.mjs';
import { ensureCargo } from './toolchain.mjs';

/** An input of so few bytes must be read in so many seconds and with so many megabytes, in one piece and in all. */
const LIMITS = ['-max_len=16384', '-timeout=10', '-malloc_limit_mb=256', '-rss_limit_mb=2048'];
const RESULTS = path.join(FUZZ, 'results.json');

await runMain(async () => {
  const options = readOptions();
  await ensureCargo();
  if (options.coverage) return printCoverage(options.targets);
  const folder = await buildTargets(options.targets);
  /** @type {(ReturnType<typeof readRun> & { target: string })[]} */
  const results = [];
  for (const target of options.targets) {
    const result = await step(`Fuzzing ${target}`, async (report, note) => {
      const found = await fuzz(path.join(folder, target), target, options.end, report);
      note(summary(found), found.faults.length === 0);
      return { target, ...found };
    });
    results.push(result);
    writeFileSync(
      RESULTS,
      `${JSON.stringify(
        results.map(({ log, ...kept }) => kept),
        undefined,
        2,
      )}\n`,
    );
  }
  const failed = results.filter(({ faults }) => faults.length > 0);
  for (const { target, faults, log } of failed) {
    const shown = log.split('\n').slice(-60).join('\n');
    console.error(
      `\n── ${target} ──\n${shown}\n${faults.map((file) => path.relative(ROOT, file)).join('\n')}`,
    );
  }
  if (failed.length > 0) {
    throw new StepError(
      `${failed.map(({ target }) => target).join(', ')}: a fault was found`,
      `run ${path.relative(ROOT, folder)}/TARGET with the file above, mend the cause, and keep the file as crate/fuzz/found/TARGET/NAME`,
    );
  }
});

function readOptions() {
  const names = targetNames();
  const { values } = parseArgs({
    options: {
      target: { type: 'string', multiple: true, default: [] },
      executions: { type: 'string' },
      minutes: { type: 'string' },
      coverage: { type: 'boolean', default: false },
    },
  });
  for (const target of values.target) {
    if (!names.includes(target))
      throw new StepError(`no target "${target}"`, `choose from ${names.join(', ')}`);
  }
  const { executions, minutes = executions ? undefined : '1' } = values;
  /** @param {string} name @param {string | undefined} value */
  const number = (name, value) => {
    if (value === undefined || Number(value) > 0) return Number(value ?? 0);
    throw new StepError(
      `--${name}: expected a number above 0, found "${value}"`,
      `pass --${name} 10, for instance`,
    );
  };
  const runs = Math.ceil(number('executions', executions));
  const seconds = Math.ceil(number('minutes', minutes) * 60);
  const end = [...(runs ? [`-runs=${runs}`] : []), ...(seconds ? [`-max_total_time=${seconds}`] : [])];
  return { targets: values.target.length > 0 ? values.target : names, end, coverage: values.coverage };
}

/**
 * @param {string} program
 * @param {string} target
 * @param {string[]} end when libFuzzer is to stop
 * @param {(line: string) => void} report
 */
async function fuzz(program, target, end, report) {
  const corpus = path.join(FUZZ, 'corpus', target);
  const faults = path.join(FUZZ, 'faults', target);
  rmSync(faults, { recursive: true, force: true });
  for (const folder of [corpus, faults]) mkdirSync(folder, { recursive: true });
  const kept = ['seeds', 'found'].map((name) => path.join(SOURCES, name, target)).filter(existsSync);
  const dictionary = path.join(SOURCES, 'dictionaries', `${target}.dict`);
  const { code, output } = await run(
    program,
    [
      ...LIMITS,
      ...end,
      '-print_final_stats=1',
      `-artifact_prefix=${faults}/`,
      ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
      corpus,
      ...kept,
    ],
    // A panic's message is enough.
    { report, env: { RUST_BACKTRACE: '0' } },
  );
  const files = readdirSync(faults).map((file) => path.join(faults, file));
  return { ...readRun(output), faults: files.length > 0 || code === 0 ? files : [program], log: output };
}

/** @param {ReturnType<typeof readRun> & { faults: string[] }} found */
function summary({ executions, perSecond, coverage, corpus, faults }) {
  return [
    `${executions.toLocaleString('en')} executions`,
    `${perSecond.toLocaleString('en')} a second`,
    `${coverage.toLocaleString('en')} branches`,
    `${corpus.toLocaleString('en')} inputs`,
    faults.length > 0 ? `a fault: ${path.relative(ROOT, faults[0])}` : 'no fault',
  ].join(', ');
}
