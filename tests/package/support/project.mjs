/** Projects that use the package as a user would: in a folder outside the repository, installed from the tarball. */
import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatDuration, ROOT, run } from '../../../scripts/steps.mjs';
import { makeFolder } from '../../browser/harness.mjs';
import { packOnce } from './tarball.mjs';

const PROJECTS = path.join(ROOT, 'tests', 'package', 'projects');
const INSTALLS = path.join(ROOT, 'target', 'package', 'installs');
const NPM = ['--no-audit', '--no-fund', '--prefer-offline'];

/**
 * Unpacks the tarball.
 *
 * @param {Pick<import('node:test').TestContext, 'after'>} t
 */
export async function unpack(t) {
  const { file } = await packOnce();
  const parent = await makeFolder(t, 'package');
  await succeed('tar', ['-xzf', file, '-C', parent], { cwd: parent });
  const folder = path.join(parent, 'package');
  const read = (/** @type {string} */ name) => readFile(path.join(folder, name));
  const exists = (/** @type {URL} */ url) =>
    access(url).then(
      () => true,
      () => false,
    );
  return Object.assign(read, { folder, exists });
}

/**
 * Sets up one of `projects/`: its dependencies, which are kept below target/ for the next run, and the tarball.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} name
 */
export async function setUpProject(t, name) {
  const folder = path.join(await makeFolder(t, 'package'), name);
  await cp(path.join(PROJECTS, name), folder, { recursive: true });
  const modules = await installed(t, name);
  // A copy that shares the files' blocks where the file system can.
  if (existsSync(modules)) {
    await cp(modules, path.join(folder, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
    });
  }
  const { file } = await packOnce();
  await npm(t, ['install', '--no-save', '--offline', file], folder);
  return {
    folder,
    /** Runs the project's own build; resolves with what it printed. */
    build: () =>
      timed(t, `${name}: npm run build`, () =>
        succeed('npm', ['run', 'build'], {
          cwd: folder,
          env: {
            NODE_ENV: 'production',
            CI: '1',
            NEXT_TELEMETRY_DISABLED: '1',
            ASTRO_TELEMETRY_DISABLED: '1',
          },
        }),
      ),
    write: async (/** @type {string} */ file, /** @type {string} */ text) => {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), text);
    },
  };
}

/**
 * The installed dependencies of a project, without the tarball.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} name
 */
async function installed(t, name) {
  const manifests = await Promise.all(
    ['package.json', 'package-lock.json'].map((file) =>
      readFile(path.join(PROJECTS, name, file)).catch(() => ''),
    ),
  );
  const hash = createHash('sha256').update(process.version).update(manifests.join('\n')).digest('hex');
  const kept = path.join(INSTALLS, `${name}-${hash.slice(0, 16)}`);
  if (!existsSync(kept)) {
    const folder = `${kept}.part`;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json'])
      await cp(path.join(PROJECTS, name, file), path.join(folder, file)).catch(() => {});
    await npm(t, ['install'], folder);
    await rename(folder, kept);
  }
  return path.join(kept, 'node_modules');
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 * @param {string} cwd
 */
const npm = (t, args, cwd) =>
  timed(t, `npm ${args[0]} in ${path.basename(cwd)}`, () => succeed('npm', [...args, ...NPM], { cwd }));

/**
 * Runs a command; where it fails, the error has what it said.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} options
 */
async function succeed(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${output}`);
  return output;
}

/**
 * Says what a step took, when it has ended.
 *
 * @template T
 * @param {import('node:test').TestContext} t
 * @param {string} what
 * @param {() => Promise<T>} work
 */
async function timed(t, what, work) {
  const started = Date.now();
  const result = await work();
  t.diagnostic(`${what}: ${formatDuration(Date.now() - started)}`);
  return result;
}
