/** Reads a site, a folder of Markdown or a file of documents, one document after the other. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DocsiftError, messageOf } from '../../errors.js';
import { filesBelow, readHtml, readText, relativeTo } from './folder.js';
import { readPage } from './html/page.js';
import { readJson } from './json.js';
import { readMarkdown } from './markdown/page.js';
import { checkedSize, type Item, type ReadOptions, unreadable } from './source.js';

export type Format = 'html' | 'markdown' | 'json';

const EXTENSIONS: Record<Format, string[]> = {
  html: ['.html', '.htm'],
  markdown: ['.md', '.mdx', '.markdown'],
  json: ['.json', '.jsonl', '.ndjson'],
};

export interface Source {
  format: Format;
  /** Absolute: a folder, or a file. */
  path: string;
  isFile: boolean;
}

/** Pages that every site has and nobody looks for. */
const NOT_FOUND_PAGE = /^(404|404\/index|_?not-?found)\.html?$/i;

/**
 * What a path holds. A folder with any HTML file is a built site, since that is where Markdown ends up; without one it
 * is a folder of Markdown.
 *
 * Throws `invalid_input` where there is nothing that can be read.
 */
export async function findSource(
  given: string,
  format: Format | undefined,
  without: readonly string[],
): Promise<Source> {
  const full = path.resolve(given);
  const info = await stat(full).catch(() => undefined);
  if (!info) throw wrong(`${given}: there is no such file or folder; name the folder of the built site`);
  if (info.isFile()) {
    const extension = path.extname(full).toLowerCase();
    const found = format ?? (EXTENSIONS.json.includes(extension) ? 'json' : undefined);
    if (found !== 'json')
      throw wrong(
        `${given}: expected a folder, or a .json or .jsonl file of documents; name the folder it is in`,
      );
    return { format: 'json', path: full, isFile: true };
  }
  const order: Format[] = format ? [format] : ['html', 'markdown', 'json'];
  for (const candidate of order) {
    for await (const _ of filesBelow(full, EXTENSIONS[candidate], without))
      return { format: candidate, path: full, isFile: false };
  }
  const looked = order.flatMap((candidate) => EXTENSIONS[candidate]).join(', ');
  throw wrong(`${given}: there is no page in it (${looked}); name the folder that the site was built into`);
}

/** How many files a source has to read; 0 where one file holds all documents. */
export async function countFiles(source: Source, without: readonly string[]): Promise<number> {
  if (source.format === 'json') return 0;
  let count = 0;
  for await (const _ of filesBelow(source.path, EXTENSIONS[source.format], without)) count += 1;
  return count;
}

/** The documents of a source, and its problems, in the order of the files. Ids come once: later ones are problems. */
export async function* readSource(
  source: Source,
  options: ReadOptions,
  without: readonly string[],
): AsyncGenerator<Item> {
  const files = new Map<string, string>();
  for await (const item of readAll(source, options, without)) {
    if (item.document) {
      const key = keyOf(item.document.id);
      const first = files.get(key);
      if (first !== undefined) {
        const message = `${item.document.id} is also ${first}; every document needs an address of its own`;
        yield { problem: { kind: 'duplicate', file: item.file, message } };
        continue;
      }
      files.set(key, item.file);
    }
    yield checkedSize(item);
  }
}

/** Servers answer `/a` and `/a/` with the same page. */
function keyOf(id: string): string {
  return id.length > 1 && id.endsWith('/') ? id.slice(0, -1) : id;
}

async function* readAll(
  source: Source,
  options: ReadOptions,
  without: readonly string[],
): AsyncGenerator<Item> {
  if (source.isFile) {
    yield* readJson(source.path, path.basename(source.path));
    return;
  }
  for await (const file of filesBelow(source.path, EXTENSIONS[source.format], without)) {
    const name = relativeTo(source.path, file);
    if (source.format === 'json') yield* readJson(file, name);
    else if (source.format === 'html') {
      if (!NOT_FOUND_PAGE.test(name))
        yield await readOne(name, async () => readPage(await readHtml(file), name, options));
    } else yield await readOne(name, async () => readMarkdown(await readText(file), name, options));
  }
}

async function readOne(name: string, read: () => Promise<Item>): Promise<Item> {
  try {
    return await read();
  } catch (thrown) {
    return unreadable(name, messageOf(thrown));
  }
}

function wrong(message: string): DocsiftError {
  return new DocsiftError('invalid_input', message);
}
