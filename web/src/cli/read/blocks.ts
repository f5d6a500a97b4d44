/**
 * The blocks of a page, and the text that they come to: the `body` of a document, which the engine cuts at its headings
 * into passages. Only headings are marked up; everything else is the text that a reader sees.
 */

export type Block =
  | {
      kind: 'heading';
      /** 1 to 6. */
      level: number;
      text: string;
      /** The heading's own anchor in the page; `''` where it has none; `undefined` where the engine is to make it. */
      anchor: string | undefined;
    }
  | { kind: 'text'; text: string };

/** Spaces that a reader sees as one. */
export function collapse(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

/** A table, one line a row. Rows and cells that are empty are left out. */
export function tableText(rows: readonly (readonly string[])[]): string {
  return rows
    .map((cells) =>
      cells
        .map(collapse)
        .filter((cell) => cell !== '')
        .join(' | '),
    )
    .filter((row) => row !== '')
    .join('\n');
}

/** An item of a list: its marker before its first line, and the others indented by as much. */
export function itemText(marker: string, text: string): string {
  return `${marker}${text.replaceAll('\n', `\n${' '.repeat(marker.length)}`)}`;
}

/** Code as it stands, without empty lines: what an empty line separates is a paragraph to the engine. */
export function codeText(code: string): string {
  const lines = code.split(/\r?\n/).map((line) => line.trimEnd());
  return withoutIndent(lines.filter((line) => line !== '')).join('\n');
}

/** Takes away the indentation that all lines share. */
function withoutIndent(lines: string[]): string[] {
  const indents = lines.map((line) => line.length - line.trimStart().length);
  const shared = Math.min(...indents);
  return shared > 0 && Number.isFinite(shared) ? lines.map((line) => line.slice(shared)) : lines;
}

/**
 * The blocks as one text, separated by blank lines.
 *
 * The engine also reads short lines that stand alone as headings, since plain text has no others. No block written here
 * is one: such a line is joined to the block after it, or where a heading or nothing follows, to the one before.
 */
export function writeBody(blocks: readonly Block[]): string {
  const parts: string[] = [];
  let joins = false;
  for (const [index, block] of blocks.entries()) {
    const text = block.kind === 'heading' ? headingLine(block) : protect(block.text);
    if (text === '') continue;
    const next = blocks[index + 1];
    const short = block.kind === 'text' && readsAsHeading(text);
    const joinsBack = short && next?.kind !== 'text';
    if (parts.length > 0) parts.push((joins && block.kind === 'text') || joinsBack ? '\n' : '\n\n');
    parts.push(text);
    joins = short;
  }
  return parts.join('');
}

/** `## Title {#anchor}`; a heading of nothing but signs divides nothing, and is left out. */
function headingLine({ level, text, anchor }: Extract<Block, { kind: 'heading' }>): string {
  const title = collapse(text);
  if (!/[\p{L}\p{N}]/u.test(title)) return '';
  const attribute = anchor === undefined ? '' : ` {#${anchor}}`;
  return `${'#'.repeat(Math.min(Math.max(level, 1), 6))} ${title}${attribute}`;
}

/** Text that begins like a heading (a comment in a shell script, say) gets a space that does not break there. */
function protect(text: string): string {
  return text.replace(/^(#{1,6})[ \t]/, '$1\u00a0');
}

/** Whether the engine would take a block for a heading: see `crate/src/text/headings.rs`. */
function readsAsHeading(text: string): boolean {
  if (text.includes('\n') || text.length > 100 || /^[#\-*+•>|]/u.test(text)) return false;
  const end = text.replace(/["'”’)*_]+$/u, '');
  return /[?？]$/u.test(end) || !/[.!:;,…。！：；，]$/u.test(end);
}
