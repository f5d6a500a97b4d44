/**
 * Builds `dist/cli.js`, the program behind `npx docsift`, with the libraries that it reads pages with, and
 * `dist/cli.licenses.txt` with the licences of those libraries.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

/**
 * @param {string} root the repository
 * @param {import('esbuild').BuildOptions} common what the builds of `dist/` share
 */
export async function buildCli(root, common) {
  const { metafile } = await build({
    ...common,
    minify: false,
    minifyWhitespace: true,
    minifySyntax: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['docsift-node'],
    entryPoints: { cli: path.join(root, 'web/src/cli/main.ts') },
    // Names stay, so that a fault's place can be read without a map.
    minifyIdentifiers: false,
    sourcemap: false,
    // One of the libraries is CommonJS and requires modules of Node.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    metafile: true,
    absWorkingDir: root,
  });
  const packages = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const name = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[0];
    if (name) packages.add(name);
  }
  const texts = await Promise.all([...packages].sort().map((folder) => licenseOf(path.join(root, folder))));
  await writeFile(path.join(root, 'dist', 'cli.licenses.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
}

/** @param {string} folder of a package */
async function licenseOf(folder) {
  const { name, version, license, licenses } = JSON.parse(
    await readFile(path.join(folder, 'package.json'), 'utf8'),
  );
  const files = await readdir(folder);
  // Where there is no file of its own, the readme ends with the licence.
  const own = files.find((file) => /^licen[cs]e/i.test(file)) ?? files.find((file) => /^readme/i.test(file));
  if (!own) throw new Error(`${folder} holds no licence; find out what it is, or do without the package`);
  const text = await readFile(path.join(folder, own), 'utf8');
  const section = /^licen[cs]e/i.test(own) ? text : text.slice(text.search(/^#* *licen[cs]e/im));
  return `${name} ${version} (${license ?? licenses[0].type})\n\n${section}`;
}
