/** Builds `dist/cli.js`, the program behind `npx docsift`, with the libraries that it reads pages with. */
import path from 'node:path';

/**
 * @param {import('./bundler.mjs').Bundler} bundler
 * @param {import('esbuild').BuildOptions} common what the builds of `dist/` share
 */
export async function buildCli(bundler, common) {
  await bundler.build({
    ...common,
    minify: false,
    minifyWhitespace: true,
    minifySyntax: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['docsift-node'],
    entryPoints: { cli: path.join(bundler.root, 'web/src/cli/main.ts') },
    // Names stay, so that a fault's place can be read without a map.
    minifyIdentifiers: false,
    sourcemap: false,
    // One of the libraries is CommonJS and requires modules of Node.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  });
}
