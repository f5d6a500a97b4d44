/** A Python with the packages of a requirements file, in a virtual environment of its own below target/. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runOrFail } from './steps.mjs';

/**
 * @param {string} folder of the environment; made anew where it is not whole
 * @param {string} requirements the file
 * @param {(line: string) => void} report
 * @returns {Promise<string>} the interpreter's path
 */
export async function ensurePython(folder, requirements, report) {
  const python = path.join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const marker = path.join(folder, '.installed');
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === hash) return python;
  const todo = `read the message above; needed are Python 3.11 or newer with venv, a reachable PyPI and 6 GB of disk
    (less with PIP_EXTRA_INDEX_URL set to PyTorch's index of CPU builds)`;
  rmSync(folder, { recursive: true, force: true });
  await runOrFail('python3', ['-m', 'venv', folder], { report, todo });
  const install = ['-m', 'pip', 'install', '--progress-bar', 'off', '-r', requirements];
  await runOrFail(python, install, { report, todo });
  writeFileSync(marker, hash);
  return python;
}
