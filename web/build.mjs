/**
 * Builds the npm package's `dist/`: the ESM entries for browsers and for Node, the module for content delivery networks, the
 * element, the workers, the service worker, the command line, the wasm files and the types. Needs the binaries in
 * `target/wasm/{simd128,relaxed,lexical}/`. Notes in `target/bundled.json` which npm packages went into which file.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { buildCli } from './build-cli.mjs';
import { buildModels } from './build-models.mjs';
import { Bundler } from './bundler.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const source = (file) => join(root, 'web/src', file);

const binaries = {};
await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
for (const variant of ['simd128', 'relaxed', 'lexical']) {
  const from = join(root, 'target/wasm', variant, 'docsift_bg.wasm');
  const bytes = await readFile(from).catch(() => {
    console.error(`${from} is missing: build the wasm binaries first (npm run build)`);
    process.exit(1);
  });
  const name = `docsift-${variant}.wasm`;
  binaries[variant] = { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  await cp(from, join(dist, name));
}

const bundler = new Bundler(root);
const build = bundler.build;
const common = {
  bundle: true,
  minify: true,
  sourcemap: true,
  target: 'es2022',
  platform: 'browser',
  define: { DOCSIFT_BINARIES: JSON.stringify(binaries) },
  outdir: dist,
  logLevel: 'warning',
};
await build({
  ...common,
  format: 'esm',
  entryPoints: { docsift: source('index.ts'), worker: source('engine/worker.ts') },
});
// Imported from another origin: one file, without a map that would be as large again.
await build({
  ...common,
  format: 'esm',
  sourcemap: false,
  conditions: ['docsift-cdn'],
  define: {
    ...common.define,
    DOCSIFT_WORKER: JSON.stringify(
      (await readFile(join(dist, 'worker.js'), 'utf8')).replace(/\/\/# sourceMappingURL=.*\n?$/, ''),
    ),
  },
  entryPoints: { 'docsift.cdn': source('index.ts') },
});
await build({
  ...common,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // What `#platform` is.
  conditions: ['docsift-node'],
  entryPoints: {
    node: source('node/index.ts'),
    'node-worker': source('node/worker.ts'),
    eval: source('eval/index.ts'),
  },
});
await buildCli(bundler, common);
/** Style sheets as text, for the element makes its sheet by script: a policy of `style-src 'self'` allows no style element. */
const stylesAsText = {
  name: 'styles-as-text',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const css = await readFile(path, 'utf8');
      const { code } = await transform(css, {
        loader: 'css',
        minify: true,
        target: ['chrome103', 'firefox114', 'safari16.4'],
      });
      return { contents: code, loader: 'text' };
    }),
};
/** The element loads the library when somebody begins to search, and translations if it needs them, from beside it. */
const filesBeside = {
  name: 'files-beside',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path: './docsift.js', external: true }));
    onResolve({ filter: /^\.\/translations\.js$/ }, () => ({
      path: './element-translations.js',
      external: true,
    }));
  },
};
await build({
  ...common,
  format: 'esm',
  // Modules are UTF-8 wherever they come from.
  charset: 'utf8',
  entryPoints: {
    element: source('element/index.ts'),
    'element-translations': source('element/languages/translations.ts'),
  },
  plugins: [stylesAsText, filesBeside],
});
// A service worker is a classic script: module service workers are not everywhere.
await build({
  ...common,
  format: 'iife',
  entryPoints: { 'docsift-sw': source('offline/service-worker.ts') },
});

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
for (const project of ['tsconfig.build.json', 'tsconfig.build-node.json'])
  execFileSync(process.execPath, [tsc, '-p', join(root, 'web', project)], { stdio: 'inherit' });
await writeFile(
  join(dist, 'types/script.d.ts'),
  '/** A script that a browser runs by its address; it exports nothing. */\nexport {};\n',
);
await buildModels(root);
await writeFile(join(root, 'target/bundled.json'), `${JSON.stringify(bundler.packages(), undefined, 2)}\n`);

for (const { name, bytes } of Object.values(binaries)) console.log(`dist/${name} ${bytes} bytes`);
