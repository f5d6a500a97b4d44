/** The demo's help center as a site of HTML pages, with what each search needs beside it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { htmlPage, PAGEFIND } from '../../eval/pagefind.mjs';
import { ROOT, runOrFail } from '../../scripts/steps.mjs';

const OUT = path.join(ROOT, 'target', 'bench', 'first-result');
/** So many characters of text make a passage for transformers.js, about as long as docsift's. */
const PASSAGE_CHARACTERS = 800;

/** The folders served, by prefix. */
export const FOLDERS = {
  '/': path.join(OUT, 'pages'),
  '/site/': path.join(OUT, 'site'),
  '/vectors/': path.join(OUT, 'vectors'),
  '/peers/': path.join(ROOT, 'target', 'bench', 'models'),
  '/ort/': path.join(ROOT, 'bench/node_modules/@huggingface/transformers/node_modules/onnxruntime-web/dist'),
};

/**
 * A short line that does not end as a sentence does.
 *
 * @param {string} block
 */
const isHeading = (block) => /^[^\n]{1,60}[^.:!?\n]$/.test(block);

/** @param {(line: string) => void} report */
export async function buildHelpSite(report) {
  const articles = JSON.parse(readFileSync(path.join(ROOT, 'web/demo/corpus/zulip-help.json'), 'utf8'));
  const site = FOLDERS['/site/'];
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  for (const article of articles)
    writeFileSync(path.join(site, `${article.id}.html`), htmlPage(article, { isHeading }));
  const todo = 'read the message above';
  report('docsift indexes');
  await runOrFail(process.execPath, [path.join(ROOT, 'dist/cli.js'), 'index', site], { report, todo });
  report('Pagefind indexes');
  await runOrFail(process.execPath, [PAGEFIND, '--site', site], { report, todo });
  report('passages are embedded for transformers.js');
  await embedPassages(articles);
}

/**
 * What a page with transformers.js has to be given: the passages, and their vectors in f32.
 *
 * @param {{ title: string, body: string }[]} articles
 */
async function embedPassages(articles) {
  const { loadEmbedder } = await import('../../dist/node.js');
  const passages = articles.flatMap(({ title, body }) => cut(body).map((text) => ({ title, text })));
  const embedder = await loadEmbedder();
  const vectors = await embedder.embed(passages.map(({ title, text }) => `${title}. ${text}`));
  embedder.close();
  const folder = FOLDERS['/vectors/'];
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'passages.json'), JSON.stringify(passages));
  writeFileSync(path.join(folder, 'vectors.f32'), Buffer.from(vectors.buffer));
}

/**
 * Blocks of a text, put together up to the length of a passage.
 *
 * @param {string} text
 */
function cut(text) {
  /** @type {string[]} */
  const passages = [];
  for (const block of text.split(/\n{2,}/)) {
    const last = passages.at(-1);
    if (last !== undefined && last.length + block.length < PASSAGE_CHARACTERS)
      passages[passages.length - 1] = `${last}\n${block}`;
    else passages.push(block);
  }
  return passages;
}
