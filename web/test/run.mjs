/** Bundles the unit tests (Node 20 does not read TypeScript) and runs them with Node's test runner. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const outdir = join(root, 'target/web-test');

/** The smallest WebAssembly module stands for all binaries: the fake engine does the work. */
const emptyModule = Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
const binary = (variant) => ({
  name: `docsift-${variant}.wasm`,
  bytes: emptyModule.length,
  sha256: createHash('sha256').update(emptyModule).digest('hex'),
});

await rm(outdir, { recursive: true, force: true });
const files = (await readdir(here)).filter((name) => name.endsWith('.test.ts'));
await build({
  entryPoints: files.map((name) => join(here, name)),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  outdir,
  outExtension: { '.js': '.mjs' },
  define: {
    DOCSIFT_BINARIES: JSON.stringify(
      Object.fromEntries(['simd128', 'relaxed', 'lexical'].map((name) => [name, binary(name)])),
    ),
  },
  logLevel: 'warning',
});

const tests = files.map((name) => join(outdir, name.replace(/\.ts$/, '.mjs')));
const options = ['--enable-source-maps', '--test', '--test-reporter=spec', ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, [...options, ...tests], { stdio: 'inherit' });
process.exit(status ?? 1);
