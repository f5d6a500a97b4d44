/**
 * Sites made by real generators, under a path of their own on a host that sends no header of any use: built, indexed by
 * the command, and searched. What projects/ holds is what docs/getting-started.md says to write.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { ANSWER, markdownPages, QUESTION } from './support/help-center.mjs';
import { setUpProject } from './support/project.mjs';
import { askElement, openSite } from './support/site.mjs';

const PAGES = 30;

/** Where each keeps its pages and writes its site, and what it puts above a page's text. */
const GENERATORS = [
  { name: 'vitepress', pages: '.', site: '.vitepress/dist', heading: true, url: '/docs/create-a-poll.html' },
  { name: 'starlight', pages: 'src/content/docs', site: 'dist', heading: false, url: '/docs/create-a-poll/' },
];

for (const { name, pages, site, heading, url } of GENERATORS) {
  test(`${name}: built, indexed and searched under /docs/`, { timeout: 400_000 }, async (t) => {
    const project = await setUpProject(t, name);
    for (const { file, text, title } of await markdownPages(PAGES)) {
      const page = heading ? text.replace(/\n---\n/, `\n---\n\n# ${title}\n`) : text;
      await project.write(path.join(pages, file), page);
    }
    await project.write(path.join(pages, 'index.md'), '---\ntitle: Welcome\n---\n\nAsk us anything.\n');
    const said = await project.build();
    assert.match(said, new RegExp(`^${PAGES + 1} pages, \\d+ passages`, 'm'));

    const { page, site: served } = await openSite(
      t,
      { '/docs/': path.join(project.folder, site) },
      { policy: '' },
    );
    await page.goto(new URL('docs/', served.url).href);
    const { titles, href, reranked } = await askElement(page, QUESTION);
    assert.equal(titles[0], ANSWER);
    assert.ok(reranked, 'the first result was read by the cross-encoder');

    const { pathname, hash } = new URL(href, served.url);
    assert.equal(pathname, url);
    await page.goto(new URL(href, served.url).href);
    await page.getByRole('heading', { level: 1, name: ANSWER }).waitFor();
    if (hash) await page.locator(hash).waitFor({ state: 'attached' });
  });
}
