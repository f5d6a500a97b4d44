/**
 * What is known against the crates and the npm packages:
 *
 *     node scripts/supply-chain/audit.mjs crates|advisories|npm
 *
 * `crates`: licences, bans and sources by cargo-deny, which needs no network. `advisories`: those of RustSec, by cargo-deny.
 * `npm`: those of the npm registry. Where a database cannot be reached, it says so and exits with a code of its own: a check
 * that was not made is none that was passed.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { NOT_RUN } from '../runner.mjs';
import { CARGO_PROGRESS, query, ROOT, run, runMain, runOrFail, StepError, step } from '../steps.mjs';

const DENY_VERSION = '0.20.2';
const TOOLS = path.join(ROOT, 'target', 'tools');
const DENY = path.join(TOOLS, 'bin', process.platform === 'win32' ? 'cargo-deny.exe' : 'cargo-deny');

/** Installs cargo-deny where it is missing, which takes minutes. */
function ensureDeny() {
  return step('cargo-deny', async (report, note) => {
    const version = `cargo-deny ${DENY_VERSION}`;
    if (!existsSync(DENY) || query(DENY, ['--version']) !== version) {
      await runOrFail(
        'cargo',
        ['install', 'cargo-deny', '--version', DENY_VERSION, '--locked', '--root', TOOLS],
        {
          report,
          env: CARGO_PROGRESS,
          todo: 'read the message above; crates.io, or a mirror of it, has to be reachable',
        },
      );
    }
    note(DENY_VERSION);
  });
}

async function checkCrates() {
  await ensureDeny();
  await runOrFail(DENY, ['--locked', 'check', 'licenses', 'bans', 'sources'], {
    todo: 'do without the crate, or say in deny.toml why it may be',
  });
}

async function checkAdvisories() {
  await ensureDeny();
  const { code, output } = await run(DENY, ['--locked', 'check', 'advisories']);
  if (/failed to fetch advisory database|failed to load advisory database/i.test(output))
    notRun('the database of RustSec cannot be reached', output);
  else if (code !== 0)
    throw new StepError(
      'there are advisories',
      'update the crate, or say in deny.toml why it does not matter',
      output,
    );
}

/** Of each lock file of what is shipped, built or measured with. */
async function checkNpm() {
  for (const folder of ['.', 'bench', 'eval']) {
    const { stdout, output } = await run('npm', ['audit', '--json', '--package-lock-only'], {
      cwd: path.join(ROOT, folder),
    });
    const { message = output, metadata } = readReport(stdout);
    if (!metadata) return notRun('the npm registry does not answer to npm audit', message);
    const { total } = metadata.vulnerabilities;
    console.log(`${path.join(folder, 'package-lock.json')}: ${total} known vulnerabilities`);
    if (total > 0)
      throw new StepError(`${folder}: there are advisories`, 'run `npm audit` there, and update', output);
  }
}

/** @param {string} text @returns {{ message?: string, metadata?: { vulnerabilities: { total: number } } }} */
function readReport(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** @param {string} why @param {string} output */
function notRun(why, output) {
  const said = output.trim().split('\n').slice(0, 12).join('\n');
  console.log(
    `${said}\n\nNOT CHECKED: ${why}. Nothing is known about advisories; run it again where it can be.`,
  );
  process.exitCode = NOT_RUN;
}

await runMain(async () => {
  const checks = { crates: checkCrates, advisories: checkAdvisories, npm: checkNpm };
  const check = checks[/** @type {keyof typeof checks} */ (process.argv[2])];
  if (!check) throw new StepError(`expected ${Object.keys(checks).join(', ')}`, 'name one of them');
  await check();
});
