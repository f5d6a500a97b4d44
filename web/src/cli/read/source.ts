/** What every reader gives: documents, one after the other, and what it could not make one of. */
import type { SearchDocument } from '../../types.js';

/** Something read that is not a document. */
export interface Problem {
  /**
   * `unreadable`: a file that cannot be read, or is not what its name says; `duplicate`: a second document with the
   * same URL or id; `oversized`: more text than the engine takes; `empty`: nothing to search; `excluded`: the page asks
   * to be left out.
   */
  kind: 'unreadable' | 'duplicate' | 'oversized' | 'empty' | 'excluded';
  /** The file, as it is named in messages. */
  file: string;
  message: string;
}

export type Item =
  | { document: SearchDocument; file: string; problem?: undefined }
  | { problem: Problem; document?: undefined };

/** How the addresses of pages are made from the names of files. */
export interface Addresses {
  /** What stands before the path: `/`, `/docs/`, or a whole origin. */
  base: string;
  /** `file`: `/a/b.html`; `pretty`: `/a/b`; `folder`: `/a/b/`. The index of a folder is always the folder. */
  style: 'file' | 'pretty' | 'folder';
}

/** What a reader is told. */
export interface ReadOptions {
  addresses: Addresses;
  /** CSS selector of the main content, for pages that do not mark it. */
  root?: string | undefined;
  /** CSS selectors of what is left out. */
  exclude: readonly string[];
}

/** In bytes of UTF-8, as the engine has them (`crate/src/text/document.rs`). */
const MOST_BYTES = { title: 2000, body: 2_000_000 };

/** The document, or what is too much of it. */
export function checkedSize(item: Item): Item {
  if (!item.document) return item;
  const { document, file } = item;
  const size = (field: 'title' | 'body') => Buffer.byteLength(document[field]);
  const field = (['title', 'body'] as const).find((each) => size(each) > MOST_BYTES[each]);
  if (!field) return item;
  const message = `its ${field} has ${size(field)} bytes, expected at most ${MOST_BYTES[field]}; split the page`;
  return { problem: { kind: 'oversized', file, message } };
}

export function unreadable(file: string, message: string): Item {
  return { problem: { kind: 'unreadable', file, message } };
}

export function empty(file: string, message: string): Item {
  return { problem: { kind: 'empty', file, message } };
}

export function excluded(file: string, message: string): Item {
  return { problem: { kind: 'excluded', file, message } };
}

/**
 * The address of the page that a file is.
 *
 * @param file relative to the folder read, with `/` between its parts
 */
export function addressOf(file: string, { base, style }: Addresses): string {
  const path = file.replace(/\.(html?|mdx?|markdown)$/i, '');
  const prefix = base.endsWith('/') ? base : `${base}/`;
  // A README is what a Markdown folder shows first; no web server takes README.html for the folder.
  const index = (/\.html?$/i.test(file) ? /(^|\/)index$/i : /(^|\/)(index|readme)$/i).exec(path);
  if (index) return prefix + encodePath(path.slice(0, index.index) + index[1]);
  const suffix = { file: '.html', pretty: '', folder: '/' }[style];
  return prefix + encodePath(path) + suffix;
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** The fields that mean something to the engine: pages do not set them as they set fields of their own. */
const OWN_FIELDS = new Set(['id', 'title', 'body', 'url', 'section', 'updated']);

/** Adds the fields of a page's own to its document. */
export function addFields(document: SearchDocument, fields: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (!OWN_FIELDS.has(name) && !Object.hasOwn(document, name)) document[name] = value;
  }
}

/**
 * A date as documents have it: ISO 8601, the day alone where the time says nothing; `undefined` for anything else, and
 * for a date in words without a time zone, which is another day elsewhere.
 */
export function isoDate(value: unknown): string | undefined {
  if (typeof value !== 'string' && !(value instanceof Date)) return undefined;
  if (typeof value === 'string') {
    const text = value.trim();
    if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
    if (!/^\d{4}-\d{2}-\d{2}|(GMT|UTC|[+-]\d{2}:?\d{2})$/.test(text)) return undefined;
  }
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return undefined;
  const iso = date.toISOString();
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso;
}
