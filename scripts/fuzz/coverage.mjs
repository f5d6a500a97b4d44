/** Which lines of the parsers the kept inputs reach: LLVM's coverage over the corpus, the seeds and what was found. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { canInstallPackages, installPackages } from '../packages.mjs';
import { query, ROOT, runOrFail, StepError, step, which } from '../steps.mjs';
import { buildTargets, FUZZ, SOURCES } from './build.mjs';

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
 * Prints, for each target and for all together, the share of the lines of its parser's files.
 *
 * @param {string[]} targets
 */
export async function printCoverage(targets) {
  const tools = await findTools();
  const programs = await buildTargets('coverage');
  /** @type {string[]} */
  const profiles = [];
  const rows = [['parser', 'file', 'lines', 'reached', 'by all targets']];
  /** @type {{ target: string, lines: Map<string, Lines> }[]} */
  const found = [];
  for (const target of targets) {
    await step(`Lines reached by ${target}`, async (report, note) => {
      const profile = await replay(path.join(programs, target), target, tools, report);
      profiles.push(profile);
      found.push({ target, lines: await readLines(path.join(programs, target), profile, tools) });
      note(`${PARSERS[target].length} files`);
    });
  }
  const merged = path.join(FUZZ, 'profiles', 'all.profdata');
  await merge(profiles, merged, tools);
  const objects = targets.map((target) => path.join(programs, target));
  const all = await readLines(objects[0], merged, tools, objects.slice(1));
  for (const { target, lines } of found) {
    for (const file of PARSERS[target]) {
      const { count, covered } = lines.get(file) ?? { count: 0, covered: 0 };
      const share = (/** @type {number} */ reached) =>
        `${((100 * reached) / Math.max(count, 1)).toFixed(1)} %`;
      rows.push([target, file, String(count), share(covered), share(all.get(file)?.covered ?? 0)]);
    }
  }
  const [head, ...body] = rows.map((row) => `| ${row.join(' | ')} |`);
  console.log([head, '| --- | --- | --- | --- | --- |', ...body].join('\n'));
}

/** @typedef {{ count: number, covered: number }} Lines */

/**
 * @param {string} program
 * @param {string} target
 * @param {Tools} tools
 * @param {(line: string) => void} report
 * @returns {Promise<string>} the profile
 */
async function replay(program, target, tools, report) {
  const folder = path.join(FUZZ, 'profiles');
  mkdirSync(folder, { recursive: true });
  const raw = path.join(folder, `${target}.profraw`);
  rmSync(raw, { force: true });
  const inputs = [
    path.join(FUZZ, 'corpus', target),
    path.join(SOURCES, 'seeds', target),
    path.join(SOURCES, 'found', target),
  ];
  await runOrFail(program, ['-runs=0', ...inputs.filter(existsSync)], {
    env: { LLVM_PROFILE_FILE: raw },
    report,
    todo: `an input of the corpus is a fault: run \`node scripts/fuzz.mjs --target ${target} --executions 1\``,
  });
  const profile = path.join(folder, `${target}.profdata`);
  await merge([raw], profile, tools);
  return profile;
}

/**
 * @param {string[]} profiles
 * @param {string} merged
 * @param {Tools} tools
 */
async function merge(profiles, merged, tools) {
  await runOrFail(tools.profdata, ['merge', '-sparse', ...profiles, '-o', merged], {
    todo: 'read the message above: llvm-profdata must be of the LLVM that `rustc -vV` names',
  });
}

/**
 * @param {string} program
 * @param {string} profile
 * @param {Tools} tools
 * @param {string[]} [others] more programs that the profile is of
 * @returns {Promise<Map<string, Lines>>} by file, within crate/src
 */
async function readLines(program, profile, tools, others = []) {
  const source = path.join(ROOT, 'crate', 'src');
  const objects = others.flatMap((other) => ['-object', other]);
  const { stdout } = await runOrFail(
    tools.cov,
    ['export', '-summary-only', `-instr-profile=${profile}`, program, ...objects, '-sources', source],
    { todo: 'read the message above: llvm-cov must be of the LLVM that `rustc -vV` names' },
  );
  writeFileSync(`${profile}.json`, stdout);
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
