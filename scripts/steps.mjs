/**
 * Named steps with visible progress, and child processes whose failures say what to do.
 *
 * On a terminal a running step is one line, rewritten in place: elapsed time and the last line its command printed.
 * Elsewhere (CI) the same is printed every 15 seconds, so that a long step is never silent.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const TERMINAL = Boolean(process.stdout.isTTY) && !process.env.CI;
const QUIET_MS = 2_000;
const HEARTBEAT_MS = 15_000;
const LOG_HEAD = 20;
const LOG_TAIL = 100;

/** A failure the user can act on: `message` says what went wrong in one line, `todo` what to do about it. */
export class StepError extends Error {
  /**
   * @param {string} message
   * @param {string} todo
   * @param {string} [log] output worth showing
   */
  constructor(message, todo, log = '') {
    super(message);
    this.name = 'StepError';
    this.todo = todo;
    this.log = log;
  }
}

/** @param {number} ms */
export function formatDuration(ms) {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** @param {string} title */
function progressLine(title) {
  const started = Date.now();
  let last = '';
  const timer = setInterval(show, TERMINAL ? 250 : HEARTBEAT_MS);
  timer.unref();
  function show() {
    const elapsed = Date.now() - started;
    if (elapsed < QUIET_MS) return;
    const line = `  ${title}: ${formatDuration(elapsed)}${last ? ` · ${last}` : ''}`;
    if (!TERMINAL) console.log(line);
    else process.stdout.write(`\r\x1b[2K${line.slice(0, (process.stdout.columns ?? 80) - 1)}`);
  }
  return {
    /** @param {string} line */
    update(line) {
      // Cargo's own bar only takes up room.
      last = line.replace(/\[=*>? *\] /, '');
    },
    /** Stops reporting; returns the elapsed milliseconds. */
    stop() {
      clearInterval(timer);
      if (TERMINAL) process.stdout.write('\r\x1b[2K');
      return Date.now() - started;
    },
  };
}

/**
 * Runs one step and prints its outcome with the time it took.
 *
 * @template T
 * @param {string} title
 * @param {(report: (line: string) => void, note: (text: string, good?: boolean) => void) => Promise<T> | T} work
 *   `report` sets the progress text; `note` sets what is printed behind the title when the step has finished, and
 *   marks a step that ended well but found something wrong
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const progress = progressLine(title);
  let remark = '';
  let mark = '✓';
  try {
    const result = await work(progress.update, (text, good = true) => {
      remark = text;
      mark = good ? '✓' : '✗';
    });
    const elapsed = progress.stop();
    console.log(
      `${mark} ${title}${remark ? `: ${remark}` : ''}${elapsed >= 1000 ? ` (${formatDuration(elapsed)})` : ''}`,
    );
    return result;
  } catch (error) {
    console.log(`✗ ${title} (${formatDuration(progress.stop())})`);
    throw error;
  }
}

/**
 * Runs a command to its end. It never throws for a command that fails: look at `code`.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, timeoutMs?: number, report?: (line: string) => void }} [options]
 *   `env` is added to this process's environment; `timeoutMs` ends the command when it has passed
 * @returns {Promise<{ code: number, stdout: string, output: string, timedOut: boolean }>}
 *   `output` is stdout and stderr in the order they came; 127 is the code of a command that cannot be started
 */
export function run(command, args, { cwd = ROOT, env = {}, timeoutMs = 0, report } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['inherit', 'pipe', 'pipe'],
    });
    let stdout = '';
    let output = '';
    let timedOut = false;
    const timer = timeoutMs
      ? setTimeout(() => {
          timedOut = true;
          child.kill('SIGKILL');
        }, timeoutMs)
      : undefined;
    /** @param {string} text */
    const take = (text) => {
      // What a carriage return overwrites was a progress bar: worth a look while it runs, not in a log.
      output += text.replace(/^[^\n]*\r(?!\n)/gm, '');
      const line = text
        .split(/[\r\n]/)
        .map((part) => part.trim())
        .filter(Boolean)
        .at(-1);
      if (line) report?.(line);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      take(text);
    });
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, stdout, output: `${output}${error.message}\n`, timedOut });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (!timedOut && signal) output += `ended by ${signal}\n`;
      resolve({ code: code ?? 1, stdout, output, timedOut });
    });
  });
}

/** Makes cargo print its `n/m` progress although its output is a pipe. */
export const CARGO_PROGRESS = { CARGO_TERM_PROGRESS_WHEN: 'always', CARGO_TERM_PROGRESS_WIDTH: '100' };

/**
 * As `run`, but a command that fails becomes a StepError.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Parameters<typeof run>[2] & { todo: string }} options
 */
export async function runOrFail(command, args, { todo, ...options }) {
  const result = await run(command, args, options);
  if (result.code !== 0) {
    const how = result.timedOut
      ? `did not finish in ${(options.timeoutMs ?? 0) / 1000} s`
      : `failed (exit code ${result.code})`;
    throw new StepError(`\`${command} ${args.join(' ')}\` ${how}`, todo, result.output);
  }
  return result;
}

/**
 * The trimmed standard output of a quick command, or undefined when it cannot be run or fails.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string | undefined>} [env]
 */
export function query(command, args, env = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, env: { ...process.env, ...env }, encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/**
 * The absolute path of an executable on PATH (or itself, when absolute and executable), or undefined.
 *
 * @param {string} name
 */
export function which(name) {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  const folders = path.isAbsolute(name)
    ? ['']
    : (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  for (const folder of folders) {
    for (const suffix of suffixes) {
      const candidate = path.join(folder, name + suffix);
      try {
        accessSync(candidate, constants.X_OK);
        if (statSync(candidate).isFile()) return candidate;
      } catch {
        // Not there: look on.
      }
    }
  }
  return undefined;
}

/**
 * Runs a script's main function; on failure prints the reason and what to do, and sets the exit code.
 *
 * @param {() => Promise<void>} main
 */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    printFailure(error);
    process.exitCode = 1;
  }
}

/** @param {unknown} error */
export function printFailure(error) {
  // The package's own errors say what to do; it may be built at another time than this is read, so by name.
  if (error instanceof Error && error.name === 'DocsiftError') {
    console.error(error.message);
    return;
  }
  if (!(error instanceof StepError)) {
    console.error(error);
    return;
  }
  if (error.log) console.error(`${excerpt(error.log)}\n`);
  console.error(`${error.message}\n  → ${error.todo}`);
}

/**
 * The start of a log, where some tools say what was wrong, and the end, where others do.
 *
 * @param {string} log
 */
function excerpt(log) {
  const lines = log.trimEnd().split('\n');
  if (lines.length <= LOG_HEAD + LOG_TAIL) return lines.join('\n');
  const left = lines.length - LOG_HEAD - LOG_TAIL;
  return [...lines.slice(0, LOG_HEAD), `… ${left} lines left out …`, ...lines.slice(-LOG_TAIL)].join('\n');
}

/**
 * True when the module at `url` is the script node was started with.
 *
 * @param {string} url the module's import.meta.url
 */
export function isMain(url) {
  return process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(url);
}
