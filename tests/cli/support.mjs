/** What the tests of the command line share. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../scripts/steps.mjs';

export const SITES = path.join(ROOT, 'tests', 'fixtures', 'sites');

/**
 * Runs `docsift` as the package has it.
 *
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
export function docsift(args, options = {}) {
  const program = path.join(ROOT, 'dist', 'cli.js');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { ...options, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error ? Number(error.code) : 0;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

/**
 * A folder for one test, with a copy of a fixture in it where one is named.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} [site] of the fixtures
 */
export async function scratch(t, site) {
  const folder = await mkdtemp(path.join(tmpdir(), 'docsift-cli-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  if (site) await cp(path.join(SITES, site), folder, { recursive: true });
  return folder;
}
