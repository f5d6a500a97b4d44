/**
 * Writes `dist/models.js`: the package's default models, each with its address as a literal `new URL(…, import.meta.url)`,
 * so that bundlers take the files along.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** @param {string} root the repository */
export async function buildModels(root) {
  const { defaults, models } = JSON.parse(await readFile(path.join(root, 'models/manifest.json'), 'utf8'));
  const entries = Object.entries(defaults).map(([role, id]) => {
    const { file, sha256, bytes, revision, mixingWeight, calibration } = models[id];
    const rest = JSON.stringify({ sha256, bytes, revision, mixingWeight, calibration }).slice(1);
    return `export const ${role} = {"weights":new URL('../models/${file}', import.meta.url),${rest};\n`;
  });
  await writeFile(path.join(root, 'dist/models.js'), entries.join(''));
  await writeFile(
    path.join(root, 'dist/types/default-models.d.ts'),
    `/** The default models of the package, for the option \`models\` of \`createSearch\`. */
import type { ModelFiles } from './options.js';
${Object.keys(defaults)
  .map((role) => `export declare const ${role}: ModelFiles;\n`)
  .join('')}`,
  );
}
