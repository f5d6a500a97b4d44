/** Files by URL: from disk, or from a server. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FileSpec } from '../engine/protocol.js';
import { DocsiftError, messageOf } from '../errors.js';

/** The bytes at a `file:` or `http(s):` URL; `undefined` where there is no such file. */
export async function readUrl(url: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!url.startsWith('file:')) {
    const response = await fetch(url);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`);
    return new Uint8Array(await response.arrayBuffer());
  }
  try {
    // A copy, since what `readFile` gives may be part of a larger buffer, and buffers are transferred whole.
    return Uint8Array.from(await readFile(fileURLToPath(url)));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/**
 * Stands in for the engine's own `fetchFile`, which knows only a browser's `fetch` and Cache API. Nothing is kept: what
 * lies on disk needs no cache.
 *
 * Throws `download_failed` when the file cannot be read, and `integrity` when it is not the one expected.
 */
export async function fetchFile(
  url: string,
  { sha256, bytes: length }: FileSpec,
  _cache: boolean,
  onProgress: (loaded: number, total: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  try {
    bytes = await readUrl(url);
  } catch (thrown) {
    throw new DocsiftError('download_failed', `${url}: ${messageOf(thrown)}`, { cause: thrown });
  }
  if (!bytes) throw new DocsiftError('download_failed', `${url}: there is no such file; check the address`);
  const advice = 'use the file that the manifest describes';
  if (length !== undefined && bytes.byteLength !== length) {
    const found = `expected ${length} bytes, found ${bytes.byteLength}`;
    throw new DocsiftError('integrity', `${url}: ${found}; ${advice}`);
  }
  if (sha256 !== undefined) {
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (digest !== sha256.toLowerCase())
      throw new DocsiftError('integrity', `${url}: expected sha256 ${sha256}, found ${digest}; ${advice}`);
  }
  onProgress(bytes.byteLength, bytes.byteLength);
  return bytes;
}
