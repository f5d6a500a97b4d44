/** The tree of a page, as a browser would make it, and the few questions asked of it. */
import { selectAll } from 'css-select';
import type { ChildNode, Document, Element, ParentNode } from 'domhandler';
import { isTag, isText } from 'domhandler';
import { parse, parseFragment } from 'parse5';
import { adapter, type Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter';
import { collapse } from '../blocks.js';

export type { ChildNode, Document, Element, ParentNode };
export { isTag, isText };

/** A line break within a line of text, until `linesOf` sees to it; no page holds this character. */
export const BREAK = '\u0001';

export function parsePage(html: string): Document {
  return parse<Htmlparser2TreeAdapterMap>(html, { treeAdapter: adapter });
}

/** HTML that stands within something else, Markdown say. */
export function parsePart(html: string): ParentNode {
  return parseFragment<Htmlparser2TreeAdapterMap>(html, { treeAdapter: adapter });
}

/** All elements that a CSS selector finds, in the order of the page. */
export function find(selector: string, within: ParentNode): Element[] {
  return selectAll<ChildNode, Element>(selector, within as unknown as ChildNode);
}

/** Attributes are read under docsift's own name and under Pagefind's, so that a page marked for either is read alike. */
export function mark(element: Element, name: 'body' | 'ignore' | 'filter'): string | undefined {
  return element.attribs[`data-docsift-${name}`] ?? element.attribs[`data-pagefind-${name}`];
}

export function hasClass(element: Element, names: ReadonlySet<string>): boolean {
  const value = element.attribs.class;
  return value?.split(/\s+/).some((name) => names.has(name)) ?? false;
}

/** The nearest element around a node for which the test holds. */
export function around(node: ChildNode, test: (element: Element) => boolean): Element | undefined {
  for (let parent = node.parent; parent && isTag(parent as ChildNode); parent = parent.parent) {
    if (test(parent as Element)) return parent as Element;
  }
  return undefined;
}

/** The lines of inline text: spaces as a reader sees them, breaks where the page has them. */
export function linesOf(text: string): string {
  return text
    .split(BREAK)
    .map(collapse)
    .filter((line) => line !== '')
    .join('\n');
}
