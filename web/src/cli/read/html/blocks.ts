/** The content of a page as blocks: headings with their own anchors, paragraphs, code, lists and tables. */
import { type Block, codeText, collapse, itemText, tableText } from '../blocks.js';
import { headingAnchor, isPermalink } from './anchors.js';
import { isLeftOut } from './content.js';
import { around, BREAK, type ChildNode, type Element, find, isTag, isText, linesOf } from './dom.js';

const HEADING = /^h[1-6]$/;

/** Elements that run along in a line; any other begins a block of its own. */
const INLINE = new Set(
  (
    'a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd mark math q rp rt ruby s samp small span ' +
    'strike strong sub sup time tt u var wbr'
  ).split(' '),
);

/** Nodes to read, and what within them is left out. */
interface Content {
  roots: readonly { children: ChildNode[] }[];
  without: ReadonlySet<Element>;
}

/** The blocks of a page's content. `title` is the heading that is the page's title, and no block of its own. */
export function contentBlocks(content: Content, title?: Element): Block[] {
  const walker = new Walker(content.without, title);
  for (const root of content.roots) walker.block(root);
  return walker.blocks;
}

/** The text of an element in one line, as a reader sees it. */
export function lineOf(element: Element, without: ReadonlySet<Element> = new Set()): string {
  const walker = new Walker(without);
  walker.children(element);
  return collapse(walker.blocks.map(({ text }) => text).join(' '));
}

class Walker {
  readonly #without: ReadonlySet<Element>;
  readonly #title: Element | undefined;
  readonly #blocks: Block[] = [];
  /** The text of the paragraph that is being read. */
  #line = '';
  /** The level of the last heading. */
  #level = 1;

  constructor(without: ReadonlySet<Element>, title?: Element) {
    this.#without = without;
    this.#title = title;
  }

  get blocks(): Block[] {
    this.#end();
    return this.#blocks;
  }

  children(element: { children: ChildNode[] }): void {
    for (const child of element.children) this.#node(child);
  }

  block(element: { children: ChildNode[] }): void {
    this.#end();
    this.children(element);
    this.#end();
  }

  #node(node: ChildNode): void {
    if (isText(node)) this.#line += node.data.replaceAll(BREAK, ' ');
    else if (isTag(node)) this.#element(node);
  }

  #element(element: Element): void {
    const { name } = element;
    if (element === this.#title || this.#without.has(element) || isLeftOut(element)) return;
    if (isPermalink(element)) return;
    if (name === 'br') this.#line += BREAK;
    else if (name === 'hr') this.#end();
    else if (INLINE.has(name)) this.children(element);
    else if (HEADING.test(name)) this.#heading(element, Number(name[1]));
    else if (isSignature(element)) this.#signature(element);
    else if (name === 'pre') this.#text(codeText(this.#raw(element)));
    else if (name === 'table' && !isLayout(element)) this.#text(this.#table(element));
    else if ((name === 'ul' || name === 'ol') && !holds(element, 'h1, h2, h3, h4, h5, h6'))
      this.#text(this.#list(element));
    else this.block(element);
  }

  /** Ends the paragraph that is being read. */
  #end(): void {
    const text = linesOf(this.#line);
    this.#line = '';
    if (text !== '') this.#blocks.push({ kind: 'text', text });
  }

  #text(text: string): void {
    this.#end();
    if (text !== '') this.#blocks.push({ kind: 'text', text });
  }

  #heading(element: Element, level: number): void {
    this.#end();
    this.#level = level;
    const text = lineOf(element, this.#without);
    if (text !== '') this.#blocks.push({ kind: 'heading', level, text, anchor: headingAnchor(element) });
  }

  /** What a reference documents is found by its name, and linked to: it stands as a heading below the last one. */
  #signature(element: Element): void {
    this.#end();
    let level = this.#level + 1;
    for (let outer = around(element, isDefinition); outer; outer = around(outer, isDefinition)) level += 1;
    const text = lineOf(element, this.#without);
    if (text !== '')
      this.#blocks.push({ kind: 'heading', level, text, anchor: element.attribs.id as string });
  }

  #list(element: Element): string {
    let number = Number.parseInt(element.attribs.start ?? '1', 10);
    const items: string[] = [];
    for (const child of element.children) {
      if (!isTag(child) || this.#without.has(child) || isLeftOut(child)) continue;
      const text = this.#within(child);
      if (text === '') continue;
      items.push(itemText(element.name === 'ol' ? `${number++}. ` : '- ', text));
    }
    return items.join('\n');
  }

  #table(table: Element): string {
    const rows = find('tr', table).filter((row) => around(row, ({ name }) => name === 'table') === table);
    const cells = (row: Element) =>
      row.children.filter(
        (cell): cell is Element => isTag(cell) && !this.#without.has(cell) && !isLeftOut(cell),
      );
    const caption = find('caption', table).map((element) => [this.#within(element)]);
    return tableText([...caption, ...rows.map((row) => cells(row).map((cell) => this.#within(cell)))]);
  }

  /** The text of an element whose blocks belong together. */
  #within(element: Element): string {
    const inner = new Walker(this.#without, this.#title);
    inner.children(element);
    return inner.blocks.map(({ text }) => text).join('\n');
  }

  /** Text with its spaces and line breaks. */
  #raw(element: Element): string {
    return element.children
      .map((child) => {
        if (isText(child)) return child.data;
        if (!isTag(child) || this.#without.has(child) || isLeftOut(child)) return '';
        return child.name === 'br' ? '\n' : this.#raw(child);
      })
      .join('');
  }
}

/** `<dt class="sig" id="…">`, as Sphinx writes the functions and options that it documents. */
function isSignature({ name, attribs }: Element): boolean {
  return name === 'dt' && attribs.id !== undefined && /(^|\s)sig(\s|$)/.test(attribs.class ?? '');
}

function isDefinition({ name }: Element): boolean {
  return name === 'dd';
}

/** Whether a table holds a page's parts and not data. */
function isLayout(table: Element): boolean {
  return table.attribs.role === 'presentation' || holds(table, 'table, pre, h1, h2, h3, h4, h5, h6');
}

function holds(element: Element, selector: string): boolean {
  return find(selector, element).length > 0;
}
