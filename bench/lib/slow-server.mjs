/**
 * A static server behind a slow line: what it sends shares one bandwidth, and every answer comes a round trip late.
 *
 * The line is slow here and not in the browser, since Chromium's own emulation holds for a page and not for its workers,
 * which is where docsift fetches its models.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { locate, mediaTypeOf, serveFolders } from '../../web/src/cli/serve/static-server.mjs';

const compress = promisify(gzip);

/** What static hosts compress. */
const COMPRESSED = /\.(css|html|js|json|mjs|svg|txt|wasm)$/;
/** The size of what is sent at once, in bytes: answers that are under way at the same time take turns with it. */
const PIECE = 4096;
/** A line that stood idle for less than this, in milliseconds, makes up for it: timers are late on a busy machine. */
const CATCH_UP_MS = 250;

/** @typedef {{ name: string, megabits: number, roundTripMs: number }} Line `megabits` per second */

/**
 * @param {Record<string, string>} folders by their prefix
 * @param {Line} line
 * @returns {Promise<{ url: string, sent: () => number, files: () => Map<string, number>, clear: () => void, close: () => Promise<void> }>}
 *   bytes of bodies, as they were sent: in all, and by path
 */
export async function startSlowServer(folders, { megabits, roundTripMs }) {
  /** @type {Map<string, number>} */
  const files = new Map();
  let freeAt = 0;
  const send = async (/** @type {Buffer} */ piece) => {
    const now = performance.now();
    freeAt = Math.max(now - CATCH_UP_MS, freeAt) + (piece.length * 8) / (megabits * 1000);
    if (freeAt > now) await sleep(freeAt - now);
  };
  const server = await serveFolders({
    folders,
    port: 0,
    policy: '',
    intercept: async (request, response) => {
      await sleep(roundTripMs);
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const file = await locate(folders, pathname);
      if (!file) return false;
      const content = await readFile(file.path);
      const gzipped = COMPRESSED.test(file.path);
      const body = gzipped ? await compress(content) : content;
      response.writeHead(200, {
        'Content-Type': mediaTypeOf(file.path),
        'Content-Length': body.length,
        ...(gzipped && { 'Content-Encoding': 'gzip' }),
      });
      for (let at = 0; at < body.length && !response.destroyed; at += PIECE) {
        const piece = body.subarray(at, at + PIECE);
        await send(piece);
        files.set(pathname, (files.get(pathname) ?? 0) + piece.length);
        response.write(piece);
      }
      response.end();
      return true;
    },
  });
  return {
    ...server,
    files: () => new Map(files),
    sent: () => [...files.values()].reduce((sum, bytes) => sum + bytes, 0),
    clear: () => files.clear(),
  };
}
