/** One page of a built site as a document. */
import type { SearchDocument } from '../../../types.js';
import { writeBody } from '../blocks.js';
import { addFields, addressOf, empty, excluded, type Item, type ReadOptions } from '../source.js';
import { contentBlocks } from './blocks.js';
import { findContent } from './content.js';
import { find, mark, parsePage } from './dom.js';
import { breadcrumbsOf, fieldsOf, readMeta, reasonToLeaveOut, titleOf, updatedOf } from './meta.js';

/**
 * @param html the page
 * @param name the file, relative to the site's folder, with `/` between its parts
 */
export function readPage(html: string, name: string, options: ReadOptions): Item {
  const page = parsePage(html);
  const meta = readMeta(page);
  const reason = reasonToLeaveOut(meta);
  if (reason) return excluded(name, reason);
  if (find('html, body', page).some((element) => isTrue(mark(element, 'ignore'))))
    return excluded(name, 'it is marked with data-docsift-ignore');

  const content = findContent(page, options.root, options.exclude);
  if (content.roots.length === 0)
    return empty(name, `nothing in it matches ${options.root}; name its main content with --root`);
  const heading = content.roots.flatMap((root) => find('h1', root))[0] ?? find('h1', page)[0];
  const title = titleOf(page, meta, heading);
  const body = writeBody(contentBlocks(content, heading));
  if (title === '' && body === '') return empty(name, 'it has no text; is it a page of its own?');

  const url = addressOf(name, options.addresses);
  const { section = breadcrumbsOf(page, title), ...fields } = fieldsOf(page, meta);
  const document: SearchDocument = { id: url, url, title, body };
  if (section !== undefined) document.section = typeof section === 'string' ? section : section.join(' > ');
  const updated = updatedOf(page, meta);
  if (updated !== undefined) document.updated = updated;
  const lang = find('html', page)[0]?.attribs.lang?.trim();
  if (lang) document.lang = lang;
  addFields(document, fields);
  return { document, file: name };
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== 'false';
}
