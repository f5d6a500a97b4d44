/** The files of a folder, and their text. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Folders that no site has its pages in. */
const NOT_PAGES = new Set(['node_modules', 'bower_components']);

/**
 * The files below a folder whose names end in one of the extensions, in the order of their names. Hidden ones are left
 * out, and so are the folders in `without` (absolute). Links are followed to files, not to folders: those may go round.
 */
export async function* filesBelow(
  folder: string,
  extensions: readonly string[],
  without: readonly string[] = [],
): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const full = path.join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) {
      if (!NOT_PAGES.has(entry.name) && !without.includes(full)) yield* filesBelow(full, extensions, without);
    } else if (extensions.includes(path.extname(entry.name).toLowerCase())) yield full;
  }
}

/** A path relative to a folder, with `/` between its parts on every system. */
export function relativeTo(folder: string, file: string): string {
  return path.relative(folder, file).split(path.sep).join('/');
}

/** The text of a file in UTF-8. Throws where it cannot be read, or is something else. */
export async function readText(file: string): Promise<string> {
  return decode(await readFile(file), 'utf-8');
}

/** The text of an HTML page, in the encoding that it declares, or UTF-8. */
export async function readHtml(file: string): Promise<string> {
  const bytes = await readFile(file);
  return decode(bytes, declaredEncoding(bytes) ?? 'utf-8');
}

function decode(bytes: Uint8Array, encoding: string): string {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new Error(`expected UTF-8, found the unknown encoding "${encoding}"; save it as UTF-8`);
  }
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Error(`expected text in ${encoding}, found other bytes; save it as UTF-8`);
  }
}

/** What a page's byte order mark or `<meta charset>` says; browsers look for it in the first 1024 bytes. */
function declaredEncoding(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1');
  return /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i.exec(head)?.[1];
}
