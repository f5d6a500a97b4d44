/** Which lines of the parsers the kept inputs reach: LLVM's coverage over the corpus, the seeds and what was found. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { canInstallPackages, installPackages } from '../packages.mjs';
import { CARGO_PROGRESS, query, ROOT, runOrFail, StepError, step, which } from '../steps.mjs';
import { FUZZ, SOURCES } from './build.mjs';

const PROFILES = path.join(FUZZ, 'profiles');
const WRONG_TOOLS = 'read the message above: the tool must be of the LLVM that `rustc -vV` names';

/** @type {Record<string, string[]>} the files of each parser, in crate/src */
const PARSERS = {
  gguf: ['model/gguf.rs', 'model/weights.rs', 'model/config.rs'],
  safetensors: ['model/weights.rs', 'model/config.rs'],
  config: ['model/config.rs'],
  tokenizer: ['text/tokenizer.rs'],
  manifest: ['index/manifest.rs'],
  documents: ['index/documents.rs', 'index/bytes.rs'],
  lexical: ['index/postings.rs', 'index/bytes.rs'],
  vectors: ['index/vectors.rs', 'index/bytes.rs'],
  texts: ['index/texts.rs', 'index/bytes.rs'],
  index: ['index/format.rs', 'search/opening.rs', 'search/storing.rs'],
};

/**
 * Prints, for each target, the share of the lines of its parser's files that it reaches, and that all of these targets reach.
 *
 * @param {string[]} targets
 */
export async function printCoverage(targets) {
  const tools = await findTools();
  const program = await buildReplay();
  /** @type {{ target: string, profile: string, lines: Map<string, Lines> }[]} */
  const found = [];
  for (const target of targets) {
    await step(`Lines reached by ${target}`, async (report, note) => {
      const { profile, accepted } = await replay(program, target, tools, report);
      found.push({ target, profile, lines: await readLines(program, profile, tools) });
      note(accepted);
    });
  }
  const merged = path.join(PROFILES, 'all.profdata');
  const profiles = found.map(({ profile }) => profile);
  await merge(profiles, merged, tools);
  const all = await readLines(program, merged, tools);
  console.log('| target | file | lines | reached | by all targets |\n| --- | --- | --- | --- | --- |');
  for (const { target, lines } of found) {
    for (const file of PARSERS[target]) {
      const { count = 0, covered = 0 } = lines.get(file) ?? {};
      const shares = [covered, all.get(file)?.covered ?? 0];
      const [own, together] = shares.map(
        (reached) => `${((100 * reached) / Math.max(count, 1)).toFixed(1)} %`,
      );
      console.log(`| ${[target, file, count, own, together].join(' | ')} |`);
    }
  }
}

/** @typedef {{ count: number, covered: number }} Lines */

/** The program that only runs the targets. Nothing but the crate itself is compiled anew. */
function buildReplay() {
  return step('Fuzz targets, for coverage', async (report) => {
    await runOrFail('cargo', ['build', '--locked', '--package', 'docsift', '--example', 'replay'], {
      env: {
        ...CARGO_PROGRESS,
        RUSTC_WORKSPACE_WRAPPER: path.join(ROOT, 'scripts', 'fuzz', 'rustc-coverage.sh'),
      },
      report,
      todo: 'read the compiler output above',
    });
    return path.join(ROOT, 'target', 'debug', 'examples', 'replay');
  });
}

/**
 * @param {string} program
 * @param {string} target
 * @param {Tools} tools
 * @param {(line: string) => void} report
 * @returns {Promise<{ profile: string, accepted: string }>}
 */
async function replay(program, target, tools, report) {
  mkdirSync(PROFILES, { recursive: true });
  const raw = path.join(PROFILES, `${target}.profraw`);
  rmSync(raw, { force: true });
  const inputs = [
    path.join(FUZZ, 'corpus', target),
    path.join(SOURCES, 'seeds', target),
    path.join(SOURCES, 'found', target),
  ];
  const { stdout } = await runOrFail(program, [target, ...inputs.filter(existsSync)], {
    env: { LLVM_PROFILE_FILE: raw },
    report,
    todo: `an input of the corpus is a fault: run \`node scripts/fuzz.mjs --target ${target}\``,
  });
  const profile = path.join(PROFILES, `${target}.profdata`);
  await merge([raw], profile, tools);
  return { profile, accepted: stdout.trim() };
}

/**
 * @param {string[]} profiles
 * @param {string} merged
 * @param {Tools} tools
 */
async function merge(profiles, merged, tools) {
  await runOrFail(tools.profdata, ['merge', '-sparse', ...profiles, '-o', merged], { todo: WRONG_TOOLS });
}

/**
 * @param {string} program
 * @param {string} profile
 * @param {Tools} tools
 * @returns {Promise<Map<string, Lines>>} by file, within crate/src
 */
async function readLines(program, profile, tools) {
  const source = path.join(ROOT, 'crate', 'src');
  const args = ['export', '-summary-only', `-instr-profile=${profile}`, program, '-sources', source];
  const { stdout } = await runOrFail(tools.cov, args, { todo: WRONG_TOOLS });
  /** @type {{ filename: string, summary: { lines: Lines } }[]} */
  const files = JSON.parse(stdout).data[0].files;
  return new Map(files.map(({ filename, summary }) => [path.relative(source, filename), summary.lines]));
}

/** @typedef {{ profdata: string, cov: string }} Tools */

/** LLVM's tools of the compiler's own version: rustup's, or the system's. */
function findTools() {
  return step('LLVM coverage tools', async (report, note) => {
    const version = query('rustc', ['-vV']) ?? '';
    const major = version.match(/^LLVM version: (\d+)/m)?.[1];
    const host = version.match(/^host: (.+)$/m)?.[1] ?? '';
    const rustup = path.join(query('rustc', ['--print', 'sysroot']) ?? '', 'lib', 'rustlib', host, 'bin');
    const find = () => {
      for (const suffixed of [
        (/** @type {string} */ name) => path.join(rustup, name),
        (/** @type {string} */ name) => `${name}-${major}`,
      ]) {
        const [profdata, cov] = ['llvm-profdata', 'llvm-cov'].map((name) => which(suffixed(name)));
        if (profdata && cov) return { profdata, cov };
      }
    };
    if (!find() && canInstallPackages()) await installPackages([`llvm-${major}`], report);
    const tools = find();
    if (!tools) {
      throw new StepError(
        `no llvm-profdata and llvm-cov of LLVM ${major} were found`,
        'run `rustup component add llvm-tools`',
      );
    }
    note(`LLVM ${major}`);
    return tools;
  });
}
