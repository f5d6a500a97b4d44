/** What goes wrong before any work is done: one line on standard error, and an exit code. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { docsift, SITES, scratch } from './support.mjs';

const site = path.join(SITES, 'vitepress');

/** @type {[title: string, args: string[], code: number, message: RegExp][]} */
const failures = [
  ['an unknown command', ['idnex', site], 2, /there is no command "idnex"; see docsift --help/],
  ['an unknown option', ['index', site, '--ouput', 'x'], 2, /Unknown option '--ouput'/],
  ['a missing argument', ['index'], 2, /index: expected <folder or file>/],
  ['one argument too many', ['index', site, 'b'], 2, /unexpected argument "b"/],
  [
    'a value out of range',
    ['index', site, '--workers', '0'],
    2,
    /--workers: expected a whole number from 1, found "0"/,
  ],
  [
    'a value that is none of a few',
    ['read', site, '--urls', 'nice'],
    2,
    /--urls: expected file, pretty, folder, found "nice"/,
  ],
  ['a selector that is none', ['read', site, '--root', '['], 2, /expected a CSS selector, found "\["/],
  ['a port that is none', ['serve', site, '--port', '70000'], 2, /--port: expected a number from 0 to 65535/],
  [
    'a folder that is not there',
    ['index', 'no-such-folder'],
    1,
    /no-such-folder: there is no such file or folder/,
  ],
  [
    'a file that holds no documents',
    ['index', path.join(ROOT, 'LICENSE')],
    1,
    /expected a folder, or a \.json or \.jsonl file/,
  ],
  [
    'a folder without pages',
    ['index', path.join(ROOT, 'tests', 'cli'), '--format', 'html'],
    1,
    /there is no page in it/,
  ],
  [
    'a folder without an index',
    ['search', 'x', '--index', site],
    1,
    /there is no index in it; make one with docsift index/,
  ],
  ['a folder to serve that is a file', ['serve', path.join(ROOT, 'LICENSE')], 1, /expected a folder/],
  [
    'a folder without a model',
    ['pack', site, '--out', '/nonexistent'],
    1,
    /config\.json.*name a folder with config\.json/,
  ],
];

for (const [title, args, code, message] of failures) {
  test(`refuses ${title}`, async () => {
    const found = await docsift(args);
    assert.match(found.stderr, message);
    assert.match(found.stderr, /^docsift: [^\n]*\n$/);
    assert.equal(found.code, code);
    assert.equal(found.stdout, '');
  });
}

test('refuses to write where it cannot', async (t) => {
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'taken'), '');
  const { code, stderr } = await docsift(['index', site, '--out', path.join(folder, 'taken', 'x')]);
  assert.match(stderr, /cannot be written to: .*; choose another with --out/);
  assert.equal(code, 1);
});

test('refuses models that are not there', async (t) => {
  const folder = await scratch(t);
  await mkdir(path.join(folder, 'models'));
  const args = ['index', site, '--out', path.join(folder, 'out'), '--models', path.join(folder, 'models')];
  const { code, stderr } = await docsift(args);
  assert.match(stderr, /^docsift: .*manifest\.json.*\n$/);
  assert.equal(code, 1);
});

test('tells its version and its commands', async () => {
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
  assert.equal((await docsift(['--version'])).stdout, `${version}\n`);
  const { code, stdout } = await docsift(['--help']);
  assert.equal(code, 0);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name);
  assert.deepEqual(commands, ['index', 'search', 'serve', 'read', 'eval', 'pack']);
  for (const name of commands) {
    const help = await docsift([name, '--help']);
    assert.equal(help.code, 0, name);
    assert.match(help.stdout, /usage/i);
  }
});
