/** Where a heading can be linked to, and the links to itself that generators put beside it. */
import { type ChildNode, type Element, find, isTag, isText } from './dom.js';

const HEADING = /^h[1-6]$/;
const SECTIONS = new Set(['section', 'article', 'div']);

/** The id that a link to a heading needs; `''` where the page has none. */
export function headingAnchor(heading: Element): string {
  const own = heading.attribs.id ?? named(find('a[id], a[name], span[id]', heading)[0]);
  if (own) return own;
  const { parent } = heading;
  // Sphinx and others give the id to the section that the heading opens.
  if (parent && isTag(parent as ChildNode)) {
    const section = parent as Element;
    const opens = section.children.find(isTag) === heading;
    if (opens && SECTIONS.has(section.name) && section.attribs.id) return section.attribs.id;
  }
  const before = previousElement(heading);
  return (before?.name === 'a' && named(before)) || '';
}

/** Whether an element only links to the heading that it stands in or beside. */
export function isPermalink(element: Element): boolean {
  if (element.name !== 'a') return false;
  const target = element.attribs.href;
  if (!target?.startsWith('#') || target.length < 2) return false;
  const { parent } = element;
  const container = parent && isTag(parent as ChildNode) ? (parent as Element) : undefined;
  if (container && HEADING.test(container.name)) {
    // Where the link is around the whole heading, its text is the heading's.
    return container.children.some((child) => child !== element && hasWords(child));
  }
  const before = previousElement(element);
  return before !== undefined && HEADING.test(before.name) && before.attribs.id === target.slice(1);
}

function named(element: Element | undefined): string | undefined {
  return element?.attribs.id ?? element?.attribs.name;
}

function previousElement(element: Element): Element | undefined {
  for (let node = element.prev; node; node = node.prev) {
    if (isTag(node)) return node;
    if (isText(node) && node.data.trim() !== '') return undefined;
  }
  return undefined;
}

function hasWords(node: ChildNode): boolean {
  if (isText(node)) return /[\p{L}\p{N}]/u.test(node.data);
  return isTag(node) && node.children.some(hasWords);
}
