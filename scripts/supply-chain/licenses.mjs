/**
 * `npm run licenses`: writes THIRD-PARTY-LICENSES, which is shipped: what is in the package beside docsift's own code, and
 * under which licence. Needs a build. A test tells when it is out of date.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMain, ROOT, runMain, StepError, step } from '../steps.mjs';
import { shippedCrates, shippedModels, shippedPackages } from './inventory.mjs';
import { satisfies } from './spdx.mjs';

export const FILE = path.join(ROOT, 'THIRD-PARTY-LICENSES');
/** Taken wherever it is offered: it is docsift's own, so its text is in the package once. */
const OWN = new Set(['Apache-2.0']);
/** Without a text of its own, but with that of another package of the same repository. */
const SAME_AS = new Map([['pulp-wasm-simd-flag', 'pulp']]);
const RULE = '='.repeat(100);

/** @typedef {import('./inventory.mjs').Part} Part */

/** What the file has to say today. */
export async function makeLicenses() {
  const [crates, packages] = [await shippedCrates(), shippedPackages()];
  const { own, others } = textsOf([...crates, ...packages]);
  const models = shippedModels();
  return `${[
    'What is in docsift beside its own code, and under which licence.',
    'Made by `npm run licenses`; a test tells when it is out of date.',
    '',
    'Compiled into dist/docsift-*.wasm, from crates.io',
    ...crates.map(line),
    '  The Rust standard library and what it is made of: MIT OR Apache-2.0, parts of it under',
    '    Apache-2.0 WITH LLVM-exception; https://github.com/rust-lang/rust/blob/main/COPYRIGHT',
    '',
    'Bundled into dist/*.js, from npm',
    ...packages.flatMap((part) => [
      line(part),
      `    in ${part.files.map((file) => path.basename(file)).join(', ')}`,
    ]),
    '',
    'Models',
    ...models.flatMap(({ file, license, provenance }) => [
      `  models/${file}: ${license}`,
      `    ${provenance}`,
    ]),
    '',
    'Where Apache-2.0 is offered it is taken; its text is in LICENSE. That is so for:',
    ...wrapped(own.map(({ name }) => name)),
    '',
    'The texts of the others follow.',
    ...others.flatMap(({ parts, text }) => [
      ...['', RULE, ...wrapped(parts.map(({ name, version }) => `${name} ${version}`)), RULE, ''],
      text,
    ]),
  ].join('\n')}\n`;
}

/** @param {Part} part */
function line({ name, version, license }) {
  return `  ${name} ${version}: ${license}`;
}

/** Names, as many on a line as fit. @param {string[]} names */
function wrapped(names) {
  const lines = [''];
  for (const name of names) {
    const last = lines[lines.length - 1];
    if (last === '') lines[lines.length - 1] = `  ${name}`;
    else if (last.length + name.length + 2 > 100) {
      lines[lines.length - 1] = `${last},`;
      lines.push(`  ${name}`);
    } else lines[lines.length - 1] = `${last}, ${name}`;
  }
  return lines;
}

/**
 * Those that are had under docsift's own licence, and of the others each text once with whom it is of.
 *
 * @param {Part[]} all
 */
function textsOf(all) {
  const folders = new Map(all.map(({ name, folder }) => [name, folder]));
  const own = all.filter(({ license }) => satisfies(license, OWN));
  /** @type {Map<string, Part[]>} */
  const parts = new Map();
  for (const part of all.filter((part) => !own.includes(part))) {
    const text = textOf(part, folders.get(SAME_AS.get(part.name) ?? part.name) ?? part.folder);
    parts.set(text, [...(parts.get(text) ?? []), part]);
  }
  for (const { name, folder } of own) {
    const notice = readdirSync(folder).find((file) => /^notice/i.test(file));
    if (notice)
      throw new StepError(`${name} has a ${notice}`, 'take its content into NOTICE, and say so here');
  }
  return { own, others: [...parts].map(([text, parts]) => ({ text, parts })) };
}

/** @param {Part} part @param {string} folder */
function textOf({ name }, folder) {
  const files = readdirSync(folder).sort();
  const own = files.filter((file) => /^(licen[cs]e|copying|unlicense)/i.test(file));
  if (own.length > 0) {
    return own
      .map((file) => readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim())
      .join('\n\n');
  }
  // Some have it at the end of the readme.
  const readme = files.find((file) => /^readme/i.test(file));
  const text = readme ? readFileSync(path.join(folder, readme), 'utf8') : '';
  const at = text.search(/^#* *licen[cs]e/im);
  if (at < 0) throw new StepError(`${name} holds no licence`, 'find out what it is, or do without it');
  return text.slice(at).trim();
}

if (isMain(import.meta.url)) {
  await runMain(() =>
    step('THIRD-PARTY-LICENSES', async () => {
      writeFileSync(FILE, await makeLicenses());
    }),
  );
}
