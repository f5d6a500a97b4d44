/**
 * The package in a front end, built by each bundler for production: what projects/ holds is what a user would write. The
 * pages are served under docsift's own policy, unless the framework's pages need more.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { ANSWER, fewArticles, QUESTION } from './support/help-center.mjs';
import { setUpProject } from './support/project.mjs';
import { askElement, openSite } from './support/site.mjs';

const PROJECTS = [
  { name: 'html', articles: 'articles.json', site: 'site' },
  { name: 'vite', articles: 'src/articles.json', site: 'dist' },
  { name: 'webpack', articles: 'src/articles.json', site: 'public' },
  { name: 'esbuild', articles: 'articles.json', site: 'public' },
  // Its pages start by inline scripts.
  { name: 'next', articles: 'app/articles.json', site: 'out', policy: '' },
];

for (const { name, articles, site, policy } of PROJECTS) {
  test(`${name}: built for production, it searches and reranks`, { timeout: 400_000 }, async (t) => {
    const project = await setUpProject(t, name);
    await project.write(articles, JSON.stringify(await fewArticles()));
    await project.build();

    const { page, site: served } = await openSite(t, { '/': path.join(project.folder, site) }, { policy });
    await page.goto(served.url);
    if (name !== 'html') await page.locator('html[data-indexed="true"]').waitFor({ state: 'attached' });
    const { titles, href, reranked } = await askElement(page, QUESTION);
    assert.equal(titles[0], ANSWER);
    assert.match(href, /\/help\/create-a-poll(#.*)?$/);
    assert.ok(reranked, 'the first result was read by the cross-encoder');
  });
}
