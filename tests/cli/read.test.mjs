/**
 * What the readers make of pages. `fixtures/sites/` holds pages in the shape of the common generators, and beside each
 * site the documents that it comes to. To make one again, and then to read it through:
 * `node dist/cli.js read tests/fixtures/sites/<site> > tests/fixtures/sites/<site>.jsonl`.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { docsift, SITES, scratch } from './support.mjs';

/** @param {string} lines */
const parse = (lines) =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/**
 * The one document of a page, with no more around it than the test is about.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} html
 * @param {string[]} [options]
 */
async function page(t, html, options = []) {
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'page.html'), html);
  const { stdout, stderr } = await docsift(['read', folder, ...options]);
  const documents = parse(stdout);
  assert.equal(documents.length, 1, stderr);
  return documents[0];
}

for (const [site, summary] of Object.entries({
  docusaurus: '1 document; 1 excluded',
  vitepress: '1 document',
  starlight: '1 document',
  mkdocs: '1 document',
  sphinx: '1 document',
  plain: '1 document; 1 empty, 1 excluded',
  marked: '1 document; 1 excluded',
  markdown: '4 documents; 1 excluded',
})) {
  test(`reads a site like ${site}`, async () => {
    const { code, stdout, stderr } = await docsift(['read', path.join(SITES, site)]);
    assert.deepEqual(parse(stdout), parse(await readFile(path.join(SITES, `${site}.jsonl`), 'utf8')));
    assert.equal(stderr.trimEnd().split('\n').at(-1), summary);
    assert.equal(code, 0);
  });
}

test('makes addresses in three styles, below a base', async () => {
  const site = path.join(SITES, 'vitepress');
  const addressIn = async (...options) => parse((await docsift(['read', site, ...options])).stdout)[0].url;
  assert.equal(await addressIn(), '/guide/markdown.html');
  assert.equal(await addressIn('--urls', 'pretty', '--base-url', '/docs'), '/docs/guide/markdown');
  assert.equal(
    await addressIn('--urls', 'folder', '--base-url', 'https://example.com/'),
    'https://example.com/guide/markdown/',
  );
});

test('takes the content from --root and leaves --exclude out', async (t) => {
  const html =
    '<title>T</title><main>Menu</main><div class="text"><p>Kept.</p><p class="ad">Dropped.</p></div>';
  const { body } = await page(t, html, ['--root', '.text', '--exclude', '.ad, .other']);
  assert.equal(body, 'Kept.');
});

test('gives every heading the anchor that the page has for it, and none where it has none', async (t) => {
  const { body } = await page(
    t,
    `<title>T</title><main><p>Text before.</p>
    <h2 id="own">Own</h2><p>One.</p><section id="outer"><h2>Section</h2><p>Two.</p><h3>Second in it</h3><p>Three.</p></section>
    <a name="old"></a><h2>Named before</h2><p>Four.</p><h2><a href="#x" id="x">Link around</a></h2><p>Five.</p></main>`,
  );
  assert.deepEqual(body.match(/^#.*/gm), [
    '## Own {#own}',
    '## Section {#outer}',
    '### Second in it {#}',
    '## Named before {#old}',
    '## Link around {#x}',
  ]);
});

test('writes no line that the engine would take for a heading', async (t) => {
  const { body } = await page(
    t,
    '<title>T</title><main><h2 id="a">A</h2><p>Short</p><h2 id="b">B</h2><p>Short</p><p>Also short</p><p>A sentence.</p><p>Is it?</p></main>',
  );
  assert.equal(body, '## A {#a}\nShort\n\n## B {#b}\n\nShort\nAlso short\nA sentence.\nIs it?');
});

test('lets no page set the fields that the engine goes by, and no date that is another day elsewhere', async (t) => {
  const document = await page(
    t,
    '<title>T</title><main><p data-docsift-filter="id:x, url:y, updated:z, lang:q, level:1">Text.</p><time datetime="4 March 2025"></time></main>',
  );
  assert.deepEqual(document, {
    id: '/page.html',
    url: '/page.html',
    title: 'T',
    body: 'Text.',
    lang: 'q',
    level: '1',
  });
});

test('reads pages in the encoding that they declare', async (t) => {
  const folder = await scratch(t);
  const bytes = Buffer.from(
    '<meta charset="iso-8859-1"><title>Stra\xdfe</title><main>\xdcber</main>',
    'latin1',
  );
  await writeFile(path.join(folder, 'a.html'), bytes);
  const [{ title, body }] = parse((await docsift(['read', folder])).stdout);
  assert.deepEqual({ title, body }, { title: 'Straße', body: 'Über' });
});

test('reads documents from JSON Lines, and names the lines that are none', async (t) => {
  const file = path.join(await scratch(t), 'docs.jsonl');
  const good = { id: 'a', title: 'A', body: 'Text.', tags: ['x'], url: '/a' };
  await writeFile(file, `${JSON.stringify(good)}\n\n{"id": 7}\n{"url": "/b", "title": "B"\n{"id": "c"}\n`);
  const { code, stdout, stderr } = await docsift(['read', file]);
  assert.deepEqual(parse(stdout), [good]);
  assert.match(stderr, /unreadable: docs\.jsonl:3: expected "id" or "url" to be a text, found 7/);
  assert.match(stderr, /unreadable: docs\.jsonl:4: /);
  assert.match(stderr, /left out: docs\.jsonl:5: it has neither a title nor a body/);
  assert.equal(code, 1);
});

test('names pages that come twice', async (t) => {
  const folder = await scratch(t, 'starlight');
  await writeFile(path.join(folder, 'guides', 'backups.html'), '<title>T</title><main>Text.</main>');
  const { code, stderr } = await docsift(['read', folder, '--urls', 'pretty']);
  assert.match(
    stderr,
    /duplicate address: guides\/backups\.html: \/guides\/backups is also guides\/backups\/index\.html/,
  );
  assert.equal(code, 1);
});

test('names files that are not text', async (t) => {
  const folder = await scratch(t, 'vitepress');
  await writeFile(path.join(folder, 'broken.html'), Buffer.from([0x3c, 0xff, 0xfe, 0x80]));
  const { code, stdout, stderr } = await docsift(['read', folder]);
  assert.match(stderr, /unreadable: broken\.html: expected text in utf-8, found other bytes/);
  assert.equal(parse(stdout).length, 1);
  assert.equal(code, 1);
});

test('names front matter that cannot be read', async (t) => {
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'a.md'), '---\ntitle: "unfinished\n---\nText.\n');
  const { code, stderr } = await docsift(['read', folder]);
  assert.match(stderr, /unreadable: a\.md: its front matter cannot be read: /);
  assert.equal(code, 1);
});
