/**
 * Brings a machine that has only Node and Rust to where everything builds. Every step looks first and does nothing when
 * nothing is missing, so running it again costs a fraction of a second.
 *
 * Run as a program (`node scripts/setup.mjs [--tests]`) it does only that.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBrowser } from './browser.mjs';
import { isMain, ROOT, runMain, runOrFail, StepError, step } from './steps.mjs';
import { ensureCargo, ensureWasmBindgen, ensureWasmTarget } from './toolchain.mjs';

const NODE_FLOOR = 20;
const LOCK_FILE = path.join(ROOT, 'package-lock.json');
const INSTALLED_LOCK = path.join(ROOT, 'node_modules', '.installed-lock');

/**
 * What a build needs.
 *
 * @returns {Promise<{ toolchain: import('./toolchain.mjs').WasmToolchain, wasmBindgen: import('./toolchain.mjs').WasmBindgen }>}
 */
export async function setUpBuild() {
  if (Number(process.versions.node.split('.')[0]) < NODE_FLOOR) {
    throw new StepError(
      `Node ${process.versions.node} is too old`,
      `install Node ${NODE_FLOOR} or newer from https://nodejs.org`,
    );
  }
  await ensureCargo();
  await installNpmPackages();
  return { toolchain: await ensureWasmTarget(), wasmBindgen: await ensureWasmBindgen() };
}

/** What the tests need: a build's needs and a browser. */
export async function setUpTests() {
  return { ...(await setUpBuild()), browser: await ensureBrowser() };
}

function installNpmPackages() {
  return step('npm packages', async (report, note) => {
    const hash = createHash('sha256').update(readFileSync(LOCK_FILE)).digest('hex');
    if (readIfPresent(INSTALLED_LOCK) === hash) {
      note('as locked');
      return;
    }
    await runOrFail('npm', ['ci', '--no-audit', '--no-fund'], {
      report,
      todo: 'run `npm ci` and read its message; the npm registry has to be reachable',
    });
    writeFileSync(INSTALLED_LOCK, hash);
    note('installed');
  });
}

/** @param {string} file */
function readIfPresent(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    await (process.argv.includes('--tests') ? setUpTests() : setUpBuild());
  });
}
