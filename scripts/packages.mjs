/** System packages by apt-get: the one package manager that can fill in here for what rustup or npm cannot bring. */
import { query, runOrFail, StepError, which } from './steps.mjs';

const INSTALL_TIMEOUT_MS = 900_000;
let listsAreFresh = false;

/** Whether `installPackages` has a chance: apt-get is there, and this user is root or may use sudo. */
export function canInstallPackages() {
  return Boolean(which('apt-get')) && (isRoot() || Boolean(which('sudo')));
}

/**
 * Installs Debian packages, without their recommended extras.
 *
 * @param {string[]} names
 * @param {(line: string) => void} report
 */
export async function installPackages(names, report) {
  const todo = `install ${names.join(', ')} with your system's package manager and run this again`;
  // On a terminal sudo may ask for a password; elsewhere a question would wait for ever.
  const sudo = isRoot() ? [] : process.stdin.isTTY ? ['sudo'] : ['sudo', '-n'];
  /** @param {string[]} args */
  const aptGet = (args) => {
    const [command, ...rest] = [...sudo, 'apt-get', ...args];
    report(`apt-get ${args.join(' ')}`);
    return runOrFail(command, rest, {
      todo,
      report,
      timeoutMs: INSTALL_TIMEOUT_MS,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  };
  if (!listsAreFresh) await aptGet(['update']);
  listsAreFresh = true;
  const unknown = names.filter((name) => !query('apt-cache', ['show', '--no-all-versions', name]));
  if (unknown.length > 0) throw new StepError(`this system has no package ${unknown.join(', ')}`, todo);
  await aptGet(['install', '--yes', '--no-install-recommends', ...names]);
}

function isRoot() {
  return process.getuid?.() === 0;
}
