/** The syntax tree of a Markdown file as blocks. */
import type { List, Nodes, Parents, PhrasingContent, Root, Table } from 'mdast';
import { type Block, codeText, collapse, itemText, tableText } from '../blocks.js';
import { contentBlocks } from '../html/blocks.js';
import { parsePart } from '../html/dom.js';

/** The blocks of a file. `title` is the heading that is the page's title, and no block of its own. */
export function markdownBlocks(root: Root, title?: Nodes): Block[] {
  return blocksOf(root, title);
}

function blocksOf(parent: Parents, title?: Nodes): Block[] {
  return parent.children.flatMap((node) => (node === title ? [] : blockOf(node, title)));
}

function blockOf(node: Nodes, title?: Nodes): Block[] {
  switch (node.type) {
    case 'heading':
      return [headingBlock(node.depth, inline(node.children))];
    case 'paragraph':
      return textBlock(withoutFences(inline(node.children)));
    case 'code':
      return textBlock(codeText(node.value));
    case 'list':
      return hasHeading(node)
        ? node.children.flatMap((item) => blocksOf(item, title))
        : textBlock(list(node));
    case 'table':
      return textBlock(table(node));
    case 'html':
      return htmlBlocks(node.value);
    case 'math' as never:
      return textBlock(codeText((node as unknown as { value: string }).value));
    case 'yaml':
    case 'toml' as never:
    case 'mdxjsEsm' as never:
    case 'mdxFlowExpression' as never:
    case 'definition':
    case 'thematicBreak':
      return [];
    default:
      // Blockquotes, footnotes and JSX elements are what stands in them.
      return 'children' in node ? mixedBlocks(node as Parents, title) : textBlock(inlineOne(node));
  }
}

/** The blocks within an element that may also hold text by itself, as JSX does. */
function mixedBlocks(parent: Parents, title?: Nodes): Block[] {
  const blocks: Block[] = [];
  let line: PhrasingContent[] = [];
  const end = () => {
    blocks.push(...textBlock(inline(line)));
    line = [];
  };
  for (const child of parent.children) {
    if (isInline(child)) {
      line.push(child as PhrasingContent);
    } else {
      end();
      if (child !== title) blocks.push(...blockOf(child, title));
    }
  }
  end();
  return blocks;
}

function isInline({ type }: Nodes): boolean {
  return [
    'text',
    'emphasis',
    'strong',
    'delete',
    'link',
    'linkReference',
    'inlineCode',
    'break',
    'image',
    'imageReference',
    'footnoteReference',
    'mdxJsxTextElement',
    'mdxTextExpression',
  ].includes(type);
}

function textBlock(text: string): Block[] {
  return text === '' ? [] : [{ kind: 'text', text }];
}

/** `Title {#anchor}`, and kramdown's `Title {: #anchor .class}`; without either the engine makes the anchor. */
function headingBlock(level: number, line: string): Block {
  const [, text = line, anchor] = /^(.*?)\s*\{:?\s*#([^\s{}]+)[^{}]*\}$/.exec(line) ?? [];
  return { kind: 'heading', level, text, anchor };
}

/** The text of a run of inline nodes: what a reader sees of it, line by line. */
function inline(nodes: readonly Nodes[]): string {
  return nodes
    .map(inlineOne)
    .join('')
    .split('\n')
    .map(collapse)
    .filter((line) => line !== '')
    .join('\n');
}

export function inlineOne(node: Nodes): string {
  switch (node.type) {
    case 'text':
      // Shortcodes and tags of Hugo, Jekyll and the like are instructions, not text.
      return node.value.replace(/\{\{[<%].*?[>%]\}\}|\{%.*?%\}/gs, '').replace(/\n/g, ' ');
    case 'inlineCode':
      return node.value;
    case 'break':
      return '\n';
    case 'html':
      return /^<br\b/i.test(node.value) ? '\n' : '';
    case 'image':
    case 'imageReference':
    case 'footnoteReference':
    case 'mdxTextExpression' as never:
      return '';
    default:
      return 'children' in node ? (node as Parents).children.map(inlineOne).join('') : '';
  }
}

/** The lines of `:::note Title` around a paragraph, and the `[!NOTE]` at its beginning; a title stays. */
function withoutFences(text: string): string {
  const bare = text.replace(/^\[!\w+\]\s*/, '');
  if (!bare.includes(':::')) return bare;
  return bare
    .replace(/(^|\s):{3,}\s*(?:[a-z]+(?:\[([^\]]*)\])?)?/g, '$1$2')
    .split('\n')
    .map(collapse)
    .filter((line) => line !== '')
    .join('\n');
}

function list({ children, ordered, start }: List): string {
  let number = start ?? 1;
  const items: string[] = [];
  for (const item of children) {
    const text = within(item);
    if (text !== '') items.push(itemText(ordered ? `${number++}. ` : '- ', text));
  }
  return items.join('\n');
}

function table({ children }: Table): string {
  return tableText(children.map((row) => row.children.map((cell) => inline(cell.children))));
}

/** The text of a node whose blocks belong together. */
function within(node: Parents): string {
  return blocksOf(node)
    .map(({ text }) => text)
    .join('\n');
}

function hasHeading(node: Nodes): boolean {
  return node.type === 'heading' || ('children' in node && (node.children as Nodes[]).some(hasHeading));
}

/** HTML among Markdown, read as a page's would be. A tag may stand alone, its end further down. */
function htmlBlocks(html: string): Block[] {
  return contentBlocks({ roots: [parsePart(html)], without: new Set() });
}
