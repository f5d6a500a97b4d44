/** Everything that must be there before the first measurement. Each step does nothing when nothing has changed. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build as bundle } from 'esbuild';
import { optimizeWasm } from '../../scripts/build-wasm.mjs';
import { ensurePython } from '../../scripts/python.mjs';
import { CARGO_PROGRESS, ROOT, runOrFail, step } from '../../scripts/steps.mjs';

const BENCH = path.join(ROOT, 'bench');
const OUT = path.join(ROOT, 'target', 'bench');
const MODELS = path.join(ROOT, 'models');
const VENV = path.join(OUT, 'venv');
const REQUIREMENTS = path.join(BENCH, 'requirements.txt');
const TARGET = 'wasm32-unknown-unknown';

/** What the pages load, by URL prefix. */
export const FOLDERS = {
  '/': path.join(OUT, 'site'),
  '/dist/': path.join(ROOT, 'dist'),
  '/models/': MODELS,
  '/wasm/': path.join(ROOT, 'target', 'wasm', 'relaxed'),
  '/peers/': path.join(OUT, 'models'),
  '/candle/': path.join(OUT, 'candle'),
  '/ort/': path.join(BENCH, 'node_modules', 'onnxruntime-web', 'dist'),
  '/transformers-ort/': path.join(
    BENCH,
    'node_modules/@huggingface/transformers/node_modules/onnxruntime-web/dist',
  ),
};

/** Installs the peers, as locked. Their install scripts fetch native binaries, which no browser runs. */
export function installPeers() {
  return whenChanged('The peers, from npm', [path.join(BENCH, 'package-lock.json')], 'npm', (report) =>
    runOrFail('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: BENCH,
      report,
      todo: 'run `npm ci` in bench/ and read its message; the npm registry has to be reachable',
    }),
  );
}

/** @param {string | undefined} python one that has the packages of requirements.txt; by default one is set up */
export function exportModels(python) {
  const inputs = [
    path.join(BENCH, 'export_onnx.py'),
    path.join(ROOT, 'training', 'docsift_training', 'unpacking.py'),
    ...readdirSync(MODELS)
      .filter((name) => /\.(gguf|json)$/.test(name))
      .map((name) => path.join(MODELS, name)),
  ];
  return whenChanged('The peers’ models, as ONNX', inputs, 'models', async (report) => {
    const interpreter = python ?? (await ensurePython(VENV, REQUIREMENTS, report));
    await runOrFail(interpreter, [inputs[0], MODELS, path.join(OUT, 'models')], {
      report,
      todo: python
        ? `install ${REQUIREMENTS} for ${python}, or leave --python out`
        : `remove ${VENV} and run this again`,
    });
    // Stock candle reads GGUF, but not words that are in another file.
    const { defaults } = JSON.parse(readFileSync(path.join(MODELS, 'manifest.json'), 'utf8'));
    for (const id of Object.values(defaults)) {
      const folder = path.join(OUT, 'models', id);
      const pack = ['run', '--locked', '--bin', 'docsift', '--', 'pack', folder, '--name', id];
      await runOrFail('cargo', [...pack, '--out', path.join(folder, 'model.q8_0.gguf')], {
        env: CARGO_PROGRESS,
        report,
        todo: 'read the message above: the packer says what it could not read',
      });
    }
  });
}

/** @param {Awaited<ReturnType<typeof import('../../scripts/setup.mjs').setUpBuild>>} tools */
export function buildCandle({ toolchain, wasmBindgen }) {
  const inputs = ['Cargo.toml', 'Cargo.lock', 'src/lib.rs', 'src/quantized.rs'].map((file) =>
    path.join(BENCH, 'candle', file),
  );
  return whenChanged('Stock candle, as WebAssembly', inputs, 'candle', async (report) => {
    const target = path.join(ROOT, 'target');
    const cargo = ['build', '--release', '--locked', '--target', TARGET, '--target-dir', target];
    await runOrFail('cargo', [...cargo, ...toolchain.args], {
      cwd: path.join(BENCH, 'candle'),
      env: { ...CARGO_PROGRESS, ...toolchain.env },
      report,
      todo: 'read the compiler output above',
    });
    const compiled = path.join(target, TARGET, 'release', 'stock_candle.wasm');
    await runOrFail(
      wasmBindgen.cli,
      ['--target', 'web', '--out-name', 'candle', '--out-dir', path.join(OUT, 'candle'), compiled],
      { report, todo: 'read the message above: wasm-bindgen could not read what the compiler wrote' },
    );
    await optimizeWasm(path.join(OUT, 'candle', 'candle_bg.wasm'), report);
  });
}

/** Bundles page/ into what the browser loads. */
export function buildPages() {
  return step('Pages', async () => {
    const page = path.join(BENCH, 'page');
    const site = FOLDERS['/'];
    mkdirSync(site, { recursive: true });
    await bundle({
      entryPoints: ['host', 'docsift-worker', 'transformers', 'onnxruntime', 'candle'].map((name) =>
        path.join(page, `${name}.js`),
      ),
      outdir: site,
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      // What docsift and candle are made of is served as it was built.
      external: ['/dist/*', '/candle/*', '/wasm/*'],
      // ONNX Runtime's own file for its wasm, not a copy of it inside our bundle: its threads load it too.
      conditions: ['onnxruntime-web-use-extern-wasm'],
      logLevel: 'error',
    });
    writeFileSync(path.join(site, 'index.html'), readFileSync(path.join(page, 'host.html')));
  });
}

/**
 * A step that is left out when its inputs are those of its last success.
 *
 * @param {string} title
 * @param {string[]} inputs files
 * @param {string} name of the stamp
 * @param {(report: (line: string) => void) => Promise<unknown>} work
 */
function whenChanged(title, inputs, name, work) {
  return step(title, async (report, note) => {
    const hash = createHash('sha256');
    for (const file of inputs) hash.update(`${path.basename(file)}\n`).update(readFileSync(file));
    const fingerprint = hash.digest('hex');
    const stamp = path.join(OUT, `${name}.sha256`);
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) {
      note('up to date');
      return;
    }
    rmSync(stamp, { force: true });
    mkdirSync(OUT, { recursive: true });
    await work(report);
    writeFileSync(stamp, fingerprint);
  });
}
