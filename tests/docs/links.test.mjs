/** Links between the pages of the documentation lead somewhere: to a file, and to a heading in it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';

/** The anchors of a page's headings, as GitHub forms them. */
function anchorsOf(/** @type {string} */ markdown) {
  const text = markdown.replace(/```[\s\S]*?```/g, '');
  return new Set(
    [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

test('every link leads to a file and a heading that are there', async () => {
  const docs = (await readdir(path.join(ROOT, 'docs'))).filter((file) => file.endsWith('.md'));
  const pages = [
    'README.md',
    'SECURITY.md',
    'tests/README.md',
    'bench/README.md',
    'eval/README.md',
    ...docs.map((file) => `docs/${file}`),
  ];
  const broken = [];
  let seen = 0;
  for (const page of pages) {
    const text = await readFile(path.join(ROOT, page), 'utf8');
    for (const [, link] of text.replace(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      seen += 1;
      const [file, anchor] = link.split('#');
      const target = path.join(ROOT, path.dirname(page), file || path.basename(page));
      const there =
        existsSync(target) &&
        (anchor === undefined || anchorsOf(await readFile(target, 'utf8')).has(decodeURIComponent(anchor)));
      if (!there) broken.push(`${page}: ${link}`);
    }
  }
  assert.ok(seen > 50, 'links were found');
  assert.deepEqual(broken, []);
});

test('every page is in the list of pages', async () => {
  const list = await readFile(path.join(ROOT, 'docs', 'README.md'), 'utf8');
  const docs = (await readdir(path.join(ROOT, 'docs'))).filter(
    (file) => file.endsWith('.md') && file !== 'README.md',
  );
  assert.deepEqual(
    docs.filter((file) => !list.includes(`](${file})`)),
    [],
  );
});
