/**
 * Builds the crate's three WebAssembly binaries into target/wasm/{simd128,relaxed,lexical}/, each with its JavaScript glue
 * and types: one that any browser with SIMD runs, one with relaxed SIMD, and a small one without models or SIMD, which
 * searches by words while the others are on their way. Does nothing when no input has changed.
 *
 * The same sources and tools give the same bytes wherever they lie: see `withoutPaths`.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { packagesFor, WASM } from './cargo.mjs';
import { setUpBuild } from './setup.mjs';
import { CARGO_PROGRESS, isMain, ROOT, runMain, runOrFail, StepError, step } from './steps.mjs';

const OUT = path.join(ROOT, 'target', 'wasm');
const STAMP = path.join(OUT, 'inputs.sha256');
const COMPILED = path.join(ROOT, 'target', WASM);
const WASM_OPT = path.join(ROOT, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
const INPUTS = [
  'Cargo.toml',
  'Cargo.lock',
  '.cargo/config.toml',
  'crate/Cargo.toml',
  'crate/src',
  'scripts/build-wasm.mjs',
  'scripts/cargo.mjs',
];

/**
 * @typedef {object} Binary
 * @property {string} name
 * @property {string} profile of cargo
 * @property {string[]} features
 * @property {string} level of wasm-opt
 * @property {string[]} [flags] of wasm-opt, beside it
 * @property {boolean} [plain] without the flags of .cargo/config.toml, which ask for SIMD
 * @property {number} [maxBytes] the most it may take once optimised and compressed by gzip, as servers send it
 */

/** @type {Binary[]} */
const BINARIES = [
  { name: 'simd128', profile: 'release', features: [], level: '-O3' },
  { name: 'relaxed', profile: 'release', features: ['--features', 'relaxed-simd'], level: '-O3' },
  {
    name: 'lexical',
    profile: 'small',
    features: ['--no-default-features', '--features', 'lexical'],
    level: '-Os',
    // Functions that are called once are left as they are: 482 kB in place of 473, and yet 194 kB in gzip in place of 204.
    flags: ['--converge', '--one-caller-inline-max-function-size=20'],
    plain: true,
    maxBytes: 205_000,
  },
];

/** What rustc emits for wasm32 by default, plus the SIMD the kernels use. */
const WASM_FEATURES = [
  'simd',
  'relaxed-simd',
  'bulk-memory',
  'nontrapping-float-to-int',
  'sign-ext',
  'mutable-globals',
  'reference-types',
  'multivalue',
];

/**
 * @param {Awaited<ReturnType<typeof setUpBuild>>} tools
 * @param {{ optimize?: boolean }} [options] `optimize: false` leaves wasm-opt out: for trying a change quickly
 */
export async function buildWasm({ toolchain, wasmBindgen }, { optimize = true } = {}) {
  const inputs = hashInputs([toolchain.rustc, wasmBindgen.version, String(optimize)]);
  if (isBuilt(inputs)) {
    await step('WebAssembly', (_report, note) => note('up to date'));
    return;
  }
  rmSync(STAMP, { force: true });
  const flags = await withoutPaths(toolchain);
  for (const binary of BINARIES) {
    await step(`WebAssembly, ${binary.name}`, (report) =>
      compile(binary, { toolchain, wasmBindgen, flags, report }, path.join(OUT, binary.name)),
    );
  }
  if (optimize) {
    await step('wasm-opt', async (report, note) =>
      note((await Promise.all(BINARIES.map((binary) => optimizeBinary(binary, report)))).join(', ')),
    );
  }
  writeFileSync(STAMP, inputs);
}

/**
 * Builds the binary with relaxed SIMD into `folder`, with the names of its functions left in: for profiles.
 *
 * @param {Awaited<ReturnType<typeof setUpBuild>>} tools
 * @param {string} folder
 */
export async function buildNamed({ toolchain, wasmBindgen }, folder) {
  const relaxed = BINARIES.filter(({ name }) => name === 'relaxed');
  const flags = await withoutPaths(toolchain);
  for (const binary of relaxed) {
    await step('WebAssembly, with names', async (report) => {
      await compile(binary, { toolchain, wasmBindgen, flags, report }, folder);
      await optimizeWasm(path.join(folder, 'docsift_bg.wasm'), report, binary.level, ['--debuginfo']);
    });
  }
}

/**
 * Flags of the compiler that give what lies on this machine a name which is the same on all: panics name their source, and
 * what is compiled into the binary would tell of folders and registries, and differ with them.
 *
 * @param {import('./toolchain.mjs').WasmToolchain} toolchain
 */
async function withoutPaths({ sources }) {
  const fetched = (await packagesFor(WASM)).filter(({ source }) => source !== null);
  // The folder of a registry is named by its host, which may be a mirror.
  const registries = new Set(fetched.map(({ manifest_path }) => path.dirname(path.dirname(manifest_path))));
  const names = [[ROOT, '/docsift'], ...[...registries].map((folder) => [folder, '/crates'])];
  if (sources) names.push([sources, '/rustc']);
  return names.map(([folder, name]) => `--remap-path-prefix=${folder}=${name}`);
}

/**
 * @param {Binary} binary
 * @param {object} by
 * @param {import('./toolchain.mjs').WasmToolchain} by.toolchain
 * @param {import('./toolchain.mjs').WasmBindgen} by.wasmBindgen
 * @param {string[]} by.flags of the compiler
 * @param {(line: string) => void} by.report
 * @param {string} folder what it is written to
 */
async function compile({ profile, features, plain }, { toolchain, wasmBindgen, flags, report }, folder) {
  const cargo = [
    'build',
    '--lib',
    '--package',
    'docsift',
    '--profile',
    profile,
    '--locked',
    '--target',
    WASM,
  ];
  // The first is in place of the configuration's flags, the second beside them.
  const env = plain ? { CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f') } : {};
  const config = plain ? [] : ['--config', `target.${WASM}.rustflags=${JSON.stringify(flags)}`];
  await runOrFail('cargo', [...cargo, ...features, ...config, ...toolchain.args], {
    env: { ...CARGO_PROGRESS, ...toolchain.env, ...env },
    report,
    todo: 'read the compiler output above; `npm run build:wasm` repeats this step alone',
  });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const compiled = path.join(COMPILED, profile, 'docsift.wasm');
  await runOrFail(
    wasmBindgen.cli,
    ['--target', 'web', '--out-name', 'docsift', '--out-dir', folder, compiled],
    {
      report,
      todo: 'read the message above: wasm-bindgen could not read what the compiler wrote',
    },
  );
}

/**
 * @param {Binary} binary
 * @param {(line: string) => void} report
 * @returns {Promise<string>} the size before and after
 */
async function optimizeBinary({ name, level, flags, maxBytes = Number.POSITIVE_INFINITY }, report) {
  const file = path.join(OUT, name, 'docsift_bg.wasm');
  const before = statSync(file).size;
  await optimizeWasm(file, report, level, flags);
  const after = statSync(file).size;
  const sent = maxBytes === Number.POSITIVE_INFINITY ? 0 : gzipSync(readFileSync(file), { level: 9 }).length;
  if (sent > maxBytes) {
    throw new StepError(
      `the binary "${name}" has ${sent} bytes once compressed, expected at most ${maxBytes}`,
      'find what has been added to it: `--no-default-features --features lexical` must leave out what it does not need',
    );
  }
  return `${name} ${kilobytes(before)} → ${kilobytes(after)}`;
}

/**
 * Runs wasm-opt on a binary, in place.
 *
 * @param {string} file
 * @param {(line: string) => void} report
 * @param {string} [level]
 * @param {string[]} [flags]
 */
export async function optimizeWasm(file, report, level = '-O3', flags = []) {
  const optimized = `${file}.optimized`;
  const features = WASM_FEATURES.map((feature) => `--enable-${feature}`);
  await runOrFail(process.execPath, [WASM_OPT, level, ...flags, ...features, file, '-o', optimized], {
    report,
    todo: 'read the message above; wasm-opt comes with the npm package binaryen',
  });
  renameSync(optimized, file);
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}

/** @param {string} inputs */
function isBuilt(inputs) {
  return (
    existsSync(STAMP) &&
    readFileSync(STAMP, 'utf8') === inputs &&
    BINARIES.every(({ name }) =>
      ['docsift.js', 'docsift.d.ts', 'docsift_bg.wasm'].every((file) =>
        existsSync(path.join(OUT, name, file)),
      ),
    )
  );
}

/** @param {string[]} versions of the tools */
function hashInputs(versions) {
  const hash = createHash('sha256').update(JSON.stringify(versions));
  /** @param {string} name */
  const add = (name) => {
    const file = path.join(ROOT, name);
    if (statSync(file).isDirectory()) {
      for (const entry of readdirSync(file).sort()) add(path.posix.join(name, entry));
      return;
    }
    hash.update(`\n${name}\n`).update(readFileSync(file));
  };
  INPUTS.forEach(add);
  return hash.digest('hex');
}

if (isMain(import.meta.url)) {
  await runMain(async () => buildWasm(await setUpBuild(), { optimize: !process.argv.includes('--no-opt') }));
}
