/**
 * What it takes to compile the crate to WebAssembly: cargo, the wasm32 standard library, wasm-bindgen.
 *
 * The wasm32 standard library comes from rustup where rustup can fetch it. Where it cannot (a closed network, a Rust
 * without rustup) Debian's `rustc-web` compiles the standard library from Debian's source package instead.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { canInstallPackages, installPackages } from './packages.mjs';
import { CARGO_PROGRESS, query, ROOT, run, StepError, step, which } from './steps.mjs';

const TARGET = 'wasm32-unknown-unknown';
const TOOLS = path.join(ROOT, 'target', 'tools');
const CHOICE_FILE = path.join(TOOLS, 'wasm-toolchain.json');
const RUSTUP_TIMEOUT_MS = 60_000;
const DEBIAN_PACKAGES = ['rustc-web', 'rust-web-src', 'lld-19'];
const DEBIAN_RUSTC = '/usr/bin/rustc';
const DEBIAN_LINKERS = ['wasm-ld-19', 'wasm-ld'];
const INSTALL_RUST = 'install Rust from https://rustup.rs, open a new terminal and run this again';

/**
 * How cargo is to be called for wasm32.
 *
 * @typedef {object} WasmToolchain
 * @property {'installed' | 'debian'} kind
 * @property {Record<string, string>} env added to cargo's environment
 * @property {string[]} args added to every cargo command that compiles for wasm32
 * @property {string} rustc the compiler's own version text; part of the build's fingerprint
 * @property {string} [sources] the standard library's, where it is compiled here
 */

/**
 * @typedef {object} WasmBindgen
 * @property {string} version
 * @property {string} cli path of `wasm-bindgen`
 * @property {string} testRunner path of `wasm-bindgen-test-runner`
 */

/** Checks that cargo is there and at least as new as Cargo.toml's `rust-version`. */
export async function ensureCargo() {
  await step('Rust', (_report, note) => {
    const version = query('cargo', ['--version'])?.match(/^cargo (\d+)\.(\d+)\S*/);
    if (!version) throw new StepError('cargo was not found', INSTALL_RUST);
    const floor = readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8').match(/^rust-version = "(\d+)\.(\d+)/m);
    if (floor && (Number(version[1]) - Number(floor[1]) || Number(version[2]) - Number(floor[2])) < 0) {
      throw new StepError(
        `${version[0]} is too old: ${floor[1]}.${floor[2]} or newer is needed`,
        'run `rustup update stable`',
      );
    }
    note(version[0]);
  });
}

/** @returns {Promise<WasmToolchain>} */
export function ensureWasmTarget() {
  return step('WebAssembly target', async (report, note) => {
    const installed = installedToolchain();
    if (installed) {
      note('installed');
      return installed;
    }
    const chosen = readChoice() === 'debian' && debianToolchain();
    if (chosen) {
      note("Debian's rustc-web");
      return chosen;
    }
    return installTarget(report, note);
  });
}

/**
 * @param {(line: string) => void} report
 * @param {(text: string) => void} note
 * @returns {Promise<WasmToolchain>}
 */
async function installTarget(report, note) {
  let obstacle = 'rustup was not found';
  if (which('rustup')) {
    report(`rustup target add ${TARGET}`);
    // One attempt: on a closed network every retry only prolongs the wait for the fallback.
    const added = await run('rustup', ['target', 'add', TARGET], {
      report,
      timeoutMs: RUSTUP_TIMEOUT_MS,
      env: { RUSTUP_MAX_RETRIES: '0' },
    });
    const installed = installedToolchain();
    if (added.code === 0 && installed) {
      note('added by rustup');
      return installed;
    }
    obstacle = added.timedOut ? 'rustup did not answer in time' : `rustup cannot add ${TARGET}`;
  }
  if (!debianToolchain()) {
    if (!canInstallPackages()) {
      throw new StepError(
        `there is no ${TARGET} standard library and ${obstacle}`,
        `run \`rustup target add ${TARGET}\` where the network lets it, or install a Rust that has this target`,
      );
    }
    await installPackages(DEBIAN_PACKAGES, report);
  }
  const debian = debianToolchain();
  if (!debian) {
    throw new StepError(
      `${obstacle}, and Debian's ${DEBIAN_PACKAGES.join(', ')} do not give a compiler for ${TARGET}`,
      `run \`rustup target add ${TARGET}\` by hand and read its message`,
    );
  }
  mkdirSync(TOOLS, { recursive: true });
  writeFileSync(CHOICE_FILE, `${JSON.stringify({ kind: 'debian' })}\n`);
  note(`${obstacle}, so Debian's rustc-web is used`);
  return debian;
}

/** @returns {WasmToolchain | undefined} the compiler cargo uses anyway, when it has the target */
function installedToolchain() {
  const rustc = process.env.RUSTC ?? 'rustc';
  const folder = query(rustc, ['--print', 'target-libdir', '--target', TARGET]);
  if (!folder || !existsSync(folder) || !readdirSync(folder).some((file) => /^libstd-.*\.rlib$/.test(file)))
    return undefined;
  return { kind: 'installed', env: {}, args: [], rustc: query(rustc, ['-vV']) ?? '' };
}

/** @returns {WasmToolchain | undefined} Debian's compiler, when it, the library's source and a linker are there */
function debianToolchain() {
  const sysroot = existsSync(DEBIAN_RUSTC) && query(DEBIAN_RUSTC, ['--print', 'sysroot']);
  const linker = DEBIAN_LINKERS.find(which);
  const sources = sysroot && path.join(sysroot, 'lib/rustlib/src/rust');
  if (!sources || !linker || !existsSync(path.join(sources, 'library/std/Cargo.toml'))) return undefined;
  return {
    kind: 'debian',
    env: {
      RUSTC: DEBIAN_RUSTC,
      // -Z build-std is not stable yet; the compiler itself is a release.
      RUSTC_BOOTSTRAP: '1',
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker,
    },
    args: ['-Z', 'build-std=std,panic_abort'],
    rustc: query(DEBIAN_RUSTC, ['-vV']) ?? '',
    sources,
  };
}

function readChoice() {
  try {
    return JSON.parse(readFileSync(CHOICE_FILE, 'utf8')).kind;
  } catch {
    return undefined;
  }
}

/**
 * The wasm-bindgen command of exactly the version the crate is locked to: another version refuses the crate's output.
 *
 * @returns {Promise<WasmBindgen>}
 */
export function ensureWasmBindgen() {
  return step('wasm-bindgen', async (report, note) => {
    const version = lockedVersion('wasm-bindgen');
    const ours = wasmBindgenIn(path.join(TOOLS, 'bin'), version);
    const global = which('wasm-bindgen');
    const found = ours ?? (global && wasmBindgenIn(path.dirname(global), version));
    if (found) {
      note(version);
      return found;
    }
    /** @param {string[]} extra */
    const install = (extra) =>
      run('cargo', ['install', 'wasm-bindgen-cli', '--version', version, '--root', TOOLS, ...extra], {
        report,
        env: CARGO_PROGRESS,
      });
    let result = await install(['--locked']);
    if (result.code !== 0) {
      // A registry mirror may lack one release that the tool's lock file names; the newest compatible ones do as well.
      report('trying again without the tool’s lock file');
      result = await install([]);
    }
    const installed = wasmBindgenIn(path.join(TOOLS, 'bin'), version);
    if (result.code !== 0 || !installed) {
      throw new StepError(
        `wasm-bindgen-cli ${version} could not be installed`,
        `run \`cargo install wasm-bindgen-cli --version ${version}\` and read its message; the registry has to be reachable`,
        result.output,
      );
    }
    note(`${version}, installed`);
    return installed;
  });
}

/**
 * @param {string} folder
 * @param {string} version
 * @returns {WasmBindgen | undefined}
 */
function wasmBindgenIn(folder, version) {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const cli = path.join(folder, `wasm-bindgen${suffix}`);
  const testRunner = path.join(folder, `wasm-bindgen-test-runner${suffix}`);
  if (!existsSync(cli) || !existsSync(testRunner)) return undefined;
  return query(cli, ['--version']) === `wasm-bindgen ${version}` ? { version, cli, testRunner } : undefined;
}

/** @param {string} name a crate in Cargo.lock */
function lockedVersion(name) {
  const lock = readFileSync(path.join(ROOT, 'Cargo.lock'), 'utf8');
  const version = lock.match(new RegExp(`name = "${name}"\\r?\\nversion = "([^"]+)"`))?.[1];
  if (!version)
    throw new StepError(`Cargo.lock does not name ${name}`, 'restore Cargo.lock from the repository');
  return version;
}
