/** One Markdown or MDX file as a document. */
import type { Heading, Root } from 'mdast';
import { messageOf } from '../../../errors.js';
import type { SearchDocument } from '../../../types.js';
import { collapse, writeBody } from '../blocks.js';
import { addFields, addressOf, empty, excluded, type Item, type ReadOptions, unreadable } from '../source.js';
import { inlineOne, markdownBlocks } from './blocks.js';
import {
  type FrontMatter,
  fieldsOf,
  parseFrontMatter,
  reasonToLeaveOut,
  textOf,
  updatedOf,
} from './front-matter.js';
import { parseMarkdown, parseMdx } from './syntax.js';

/**
 * @param text the file's
 * @param name the file, relative to the folder, with `/` between its parts
 */
export function readMarkdown(text: string, name: string, options: ReadOptions): Item {
  let root: Root;
  let matter: FrontMatter;
  try {
    root = parse(text, name);
    matter = frontMatterOf(root);
  } catch (thrown) {
    return unreadable(name, messageOf(thrown).split('\n')[0] as string);
  }
  const reason = reasonToLeaveOut(matter);
  if (reason) return excluded(name, reason);

  const first = root.children.find(
    (node): node is Heading => node.type !== 'yaml' && (node.type as string) !== 'mdxjsEsm',
  );
  // A heading of level 1 at the top is the title; with a title in the front matter it only says it again.
  const heading = first?.type === 'heading' && first.depth === 1 ? first : undefined;
  const body = writeBody(markdownBlocks(root, heading));
  const title =
    textOf(matter, 'title') ??
    (heading && withoutAnchor(heading)) ??
    (body === '' ? '' : humanise((name.split('/').pop() as string).replace(/\.\w+$/, '')));
  if (title === '' && body === '') return empty(name, 'it has no text; is it a page of its own?');

  const url = addressFor(matter, name, options);
  const document: SearchDocument = { id: url, url, title, body };
  const section = textOf(matter, 'section') ?? sectionOf(name);
  if (section) document.section = section;
  const updated = updatedOf(matter);
  if (updated) document.updated = updated;
  const lang = textOf(matter, 'lang');
  if (lang) document.lang = lang;
  addFields(document, fieldsOf(matter));
  return { document, file: name };
}

/** What is not MDX in spite of its name is read as Markdown: its text is there all the same. */
function parse(text: string, name: string): Root {
  if (!/\.mdx$/i.test(name)) return parseMarkdown(text);
  try {
    return parseMdx(text);
  } catch {
    return parseMarkdown(text.replace(/^(import|export)\s.*$/gm, ''));
  }
}

function frontMatterOf(root: Root): FrontMatter {
  const node = root.children[0] as { type: string; value?: string } | undefined;
  if (node?.type !== 'yaml' && node?.type !== 'toml') return {};
  try {
    return parseFrontMatter(node.type, node.value ?? '');
  } catch (thrown) {
    throw new Error(`its front matter cannot be read: ${messageOf(thrown)}`);
  }
}

/** An address that a page gives itself begins at the site's root, or at its own folder. */
function addressFor(matter: FrontMatter, name: string, { addresses }: ReadOptions): string {
  const own = textOf(matter, 'address');
  if (own === undefined || /^[a-z]+:/i.test(own)) return own ?? addressOf(name, addresses);
  const base = addresses.base.replace(/\/$/, '');
  if (own.startsWith('/')) return `${base}${own}`;
  const folder = name.includes('/') ? name.slice(0, name.lastIndexOf('/') + 1) : '';
  return `${base}/${folder}${own}`;
}

/** The folders that a file lies in. */
function sectionOf(name: string): string {
  return name.split('/').slice(0, -1).map(humanise).join(' > ');
}

/** `02-getting-started` as `Getting started`. */
function humanise(part: string): string {
  const words = collapse(part.replace(/^\d+[-_.]/, '').replace(/[-_]+/g, ' '));
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function withoutAnchor(heading: Heading): string {
  return collapse(heading.children.map(inlineOne).join('')).replace(/\s*\{:?\s*#[^{}]*\}$/, '');
}
