/** What Pagefind is given: its command, and the HTML pages that it indexes. */
import path from 'node:path';
import { ROOT } from '../scripts/steps.mjs';

export const PAGEFIND = path.join(ROOT, 'eval', 'node_modules', 'pagefind', 'lib', 'runner', 'bin.cjs');

/**
 * A page as a site generator would write it.
 *
 * @param {{ title: string, body: string }} article its blocks have empty lines between them
 * @param {{ isHeading?: (block: string) => boolean, attributes?: string }} [options] `attributes` of `<main>`
 */
export function htmlPage({ title, body }, { isHeading = () => false, attributes = '' } = {}) {
  const blocks = body.split(/\n\s*\n/).map((each) => {
    const block = each.trim();
    const text = escaped(block);
    return isHeading(block) ? `<h2>${text}</h2>` : `<p>${text.replaceAll('\n', '<br>\n')}</p>`;
  });
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escaped(title)}</title></head>
<body><main${attributes}>
<h1>${escaped(title)}</h1>
${blocks.join('\n')}
</main></body>
</html>
`;
}

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
