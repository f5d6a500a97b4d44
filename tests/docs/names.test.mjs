/** The documentation names what there is: every function, option and error, attribute, part and property, every command. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { hashTypes, STAMP } from '../../scripts/reference.mjs';
import { ROOT, run } from '../../scripts/steps.mjs';

const TYPES = path.join(ROOT, 'dist', 'types');
const read = (/** @type {string} */ file) => readFile(path.join(ROOT, file), 'utf8');
const page = (/** @type {string} */ name) => read(`docs/${name}.md`);

/** What is in code in a page: between backticks, or in a block. */
function codeOf(/** @type {string} */ markdown) {
  return [...markdown.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map(([code]) => code).join('\n');
}

/**
 * Fails on names that are no word of the code in a page.
 *
 * @param {string} name of the page
 * @param {Iterable<string>} wanted
 */
async function names(name, wanted) {
  const code = codeOf(await page(name));
  const all = [...new Set(wanted)];
  assert.ok(all.length > 0, 'there is something to look for');
  const missing = all.filter((word) => !new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(code));
  assert.deepEqual(missing, [], `docs/${name}.md does not name them`);
}

/** The declarations of the package, without comments. */
async function declarations() {
  const files = await readdir(TYPES, { recursive: true });
  const texts = await Promise.all(
    files.filter((file) => file.endsWith('.d.ts')).map((file) => readFile(path.join(TYPES, file), 'utf8')),
  );
  return texts.join('\n').replace(/\/\*[\s\S]*?\*\//g, '');
}

/**
 * The members of an interface, or a class.
 *
 * @param {string} declared
 * @param {string} name
 */
function membersOf(declared, name) {
  const at = declared.search(new RegExp(`export (?:interface|declare class) ${name}\\b`));
  assert.ok(at >= 0, `${name} is declared`);
  let depth = 0;
  let top = '';
  for (const character of declared.slice(declared.indexOf('{', at))) {
    if (character === '}') depth -= 1;
    if (depth === 1) top += character;
    if (character === '{') depth += 1;
    if (depth === 0) break;
  }
  return [...top.matchAll(/^\s*(?:readonly )?(?!constructor\b)(\w+)\??[:(<]/gm)].map(([, member]) => member);
}

test('api.md names every function, and every option and field of what they take and give', async () => {
  const declared = await declarations();
  const { default: _, ...docsift } = await import('../../dist/docsift.js');
  await names('api', Object.keys(docsift));
  await names('api', Object.keys(await import('../../dist/models.js')));
  for (const name of [
    'SearchOptions',
    'EngineOptions',
    'ModelFiles',
    'Progress',
    'OfflineOptions',
    'ScoreCacheOptions',
    'Search',
    'Embedder',
    'Reranker',
    'SearchDocument',
    'QueryOptions',
    'QueryResult',
    'RerankReport',
    'Timings',
    'Hit',
    'Passage',
    'Excerpt',
    'Scores',
    'Trace',
    'TraceCandidate',
    'TraceStep',
    'Stats',
  ]) {
    await names('api', membersOf(declared, name));
  }
  await names(
    'api',
    [...declared.matchAll(/verdict: '(\w+)'/g)].map(([, verdict]) => verdict),
  );
});

test('api.md names every error', async () => {
  const [, union] = /type ErrorCode = ([^;]+);/.exec(await declarations()) ?? [];
  await names(
    'api',
    [...(union ?? '').matchAll(/'([a-z_]+)'/g)].map(([, code]) => code),
  );
});

test('widget.md names every attribute, event, part and property', async () => {
  const { DocsiftSearchElement } = await import('../../dist/element.js');
  await names('widget', DocsiftSearchElement.observedAttributes);
  const files = await readdir(path.join(ROOT, 'web/src/element'), { recursive: true });
  const sources = await Promise.all(
    files.filter((file) => /\.(css|ts)$/.test(file)).map((file) => read(`web/src/element/${file}`)),
  );
  const found = (/** @type {RegExp} */ pattern) =>
    [...sources.join('\n').matchAll(pattern)].map(([, name]) => name);
  await names('widget', found(/(?<!@event )'(docsift:[a-z]+)'/g));
  await names('widget', found(/(--docsift-[a-z-]+)/g));
  await names(
    'widget',
    found(/\bpart: '([a-z -]+)'/g).flatMap((parts) => parts.split(' ')),
  );
});

test('cli.md names every command and the options of docsift index', async () => {
  const help = async (/** @type {string[]} */ ...args) =>
    (await run(process.execPath, [path.join(ROOT, 'dist/cli.js'), ...args, '--help'])).output;
  const commands = [...(await help()).matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name);
  await names('cli', commands);
  await names(
    'cli',
    [...(await help('index')).matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name),
  );
});

test('getting-started.md says for each generator what the tested project has', async () => {
  const text = await page('getting-started');
  const blocks = [...text.matchAll(/```\w+\n([\s\S]*?)```/g)].map(([, block]) => block);
  const plain = (/** @type {string} */ code) => code.replace(/[\s,]+/g, ' ').trim();
  const projects = 'tests/package/projects';
  for (const file of [
    `${projects}/vitepress/.vitepress/theme/index.js`,
    `${projects}/starlight/src/components/Search.astro`,
  ]) {
    const code = plain(await read(file));
    assert.ok(
      blocks.some((block) => plain(block) === code),
      `${file} is in the page`,
    );
  }
  for (const name of ['vitepress', 'starlight']) {
    const { scripts } = JSON.parse(await read(`${projects}/${name}/package.json`));
    for (const script of Object.values(scripts)) assert.ok(text.includes(script), `${name}: ${script}`);
  }
});

test('bytes.md has the figures that were measured last', async () => {
  const measured = await read('bench/results/first-result.md');
  assert.ok((await page('bytes')).includes(measured.trim()), 'the table of bench/results/first-result.md');
});

test('the reference is of the types that are built', async () => {
  assert.equal((await readFile(STAMP, 'utf8')).trim(), hashTypes(), 'run `npm run docs`');
});
