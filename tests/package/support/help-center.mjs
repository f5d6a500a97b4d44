/** Articles of the demo's help center, and a question that shares no word with the one that answers it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../../../scripts/steps.mjs';

const CORPUS = path.join(ROOT, 'web', 'demo', 'corpus', 'zulip-help.json');

export const QUESTION = 'survey teammates on where to eat lunch';
export const ANSWER = 'Create a poll';

const FEW = [
  'animated-gifs-from-giphy',
  'change-your-profile-picture',
  'create-a-poll',
  'dark-theme',
  'deactivate-your-account',
  'mute-a-topic',
  'read-receipts',
  'star-a-message',
  'start-a-call',
  'verify-your-message-was-successfully-sent',
];

/** @returns {Promise<{ id: string, title: string, url: string, body: string, section: string }[]>} all of them */
export async function allArticles() {
  return JSON.parse(await readFile(CORPUS, 'utf8'));
}

/** Ten of them, with addresses of the site's own. */
export async function fewArticles() {
  const articles = (await allArticles()).filter(({ id }) => FEW.includes(id));
  return articles.map((article) => ({ ...article, url: `/help/${article.id}` }));
}

/** So many articles as Markdown pages, those of `fewArticles` among them, with the titles of their sections as headings. */
export async function markdownPages(/** @type {number} */ count) {
  const articles = await allArticles();
  const others = articles.filter(({ id }) => !FEW.includes(id)).slice(0, count - FEW.length);
  return [...articles.filter(({ id }) => FEW.includes(id)), ...others].map(({ id, title, body }) => ({
    file: `${id}.md`,
    text: `---\ntitle: ${JSON.stringify(title)}\n---\n\n${asMarkdown(body)}\n`,
    title,
  }));
}

/**
 * The articles' text has lost its marks: a short line of its own that does not end like a sentence is a heading.
 *
 * @param {string} text
 */
function asMarkdown(text) {
  const blocks = text.split(/\n{2,}/).map((block) => block.trim());
  return blocks
    .map((block) => {
      const escaped = block.replace(/[\\`*_{}[\]<>#|]/g, '\\$&');
      return /^[^\n]{1,60}[^.:!?\n]$/.test(block) ? `## ${escaped}` : escaped.replaceAll('\n', '\n\n');
    })
    .join('\n\n');
}
