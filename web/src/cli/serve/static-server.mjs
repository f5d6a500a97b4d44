/**
 * A static file server that behaves as a strict host would: the right types, the Content-Security-Policy that docsift
 * promises to work under, and nothing outside the folders served.
 */
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

export const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
].join('; ');

const PREFERRED_PORT = 5173;

/** @type {Record<string, string>} */
const MEDIA_TYPES = {
  '.avif': 'image/avif',
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.gguf': 'application/octet-stream',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml',
};

/**
 * @typedef {object} ServerOptions
 * @property {Record<string, string>} folders URL prefix → folder; the longest prefix that fits is used
 * @property {number} [port] 0 takes any free one; by default 5173 or, when that is taken, any free one
 * @property {string} [policy] the Content-Security-Policy; an empty one sends none
 * @property {boolean} [pretty] whether `/a` is also answered with `a.html`, as many hosts do
 * @property {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => boolean | Promise<boolean>} [intercept]
 *   sees every request first, and answers `true` for those it has dealt with: how tests make a server misbehave
 */

/**
 * @typedef {object} StaticServer
 * @property {string} url with a slash at its end
 * @property {() => Promise<void>} close ends open connections too
 */

/**
 * Rejects when the port cannot be used.
 *
 * @param {ServerOptions} options
 * @returns {Promise<StaticServer>}
 */
export async function serveFolders({
  folders,
  port,
  policy = CONTENT_SECURITY_POLICY,
  pretty = false,
  intercept,
}) {
  const server = createServer(async (request, response) => {
    try {
      if (!(await intercept?.(request, response)))
        await answer({ folders, policy, pretty }, request, response);
    } catch {
      // The client went away, or the file did while it was being read: nothing can be said any more.
      response.destroy();
    }
  });
  await listen(server, port);
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://localhost:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * @param {import('node:http').Server} server
 * @param {number | undefined} port
 */
async function listen(server, port) {
  /** @param {number} number */
  const attempt = (number) =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(number, 'localhost', () => {
        server.off('error', reject);
        resolve(undefined);
      });
    });
  try {
    await attempt(port ?? PREFERRED_PORT);
  } catch (error) {
    if (port !== undefined) throw error;
    await attempt(0);
  }
}

/**
 * @param {{ folders: Record<string, string>, policy: string, pretty: boolean }} site
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer({ folders, policy, pretty }, request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  const pathname = pathOf(request.url ?? '/');
  const file =
    (await locate(folders, pathname)) ??
    (pretty && pathname && !pathname.endsWith('/') ? await locate(folders, `${pathname}.html`) : undefined);
  if (!file) {
    const folder = pathname && !pathname.endsWith('/') ? await locate(folders, `${pathname}/`) : undefined;
    if (folder) {
      // Relative links of the page would otherwise lead to its neighbours.
      response.writeHead(301, { Location: `${encodeURI(`${pathname}`)}/` }).end();
      return;
    }
    response
      .writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
      .end('Not found\n');
    return;
  }
  const etag = `"${file.size.toString(16)}-${Math.round(file.modified).toString(16)}"`;
  const headers = {
    'Content-Type': mediaTypeOf(file.path),
    ...(policy ? { 'Content-Security-Policy': policy } : {}),
    'X-Content-Type-Options': 'nosniff',
    // A rebuilt file is seen at once: the browser asks each time, and an unchanged file costs it a 304.
    'Cache-Control': 'no-cache',
    ETag: etag,
  };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'Content-Length': file.size });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file.path), response);
}

/** @param {string} file */
export function mediaTypeOf(file) {
  return MEDIA_TYPES[path.extname(file).toLowerCase()] ?? 'application/octet-stream';
}

/**
 * The path of a request's URL; undefined where it is none.
 *
 * @param {string} url
 */
function pathOf(url) {
  try {
    return decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined;
  }
}

/**
 * The file a path means; undefined for none, and for any path that leads out of its folder (by `..` or by a link).
 *
 * @param {Record<string, string>} folders by URL prefix; the longest that fits is used
 * @param {string | undefined} pathname
 */
export async function locate(folders, pathname) {
  if (pathname === undefined || pathname.includes('\0')) return undefined;
  try {
    const mounts = Object.entries(folders).filter(([prefix]) => pathname.startsWith(prefix));
    if (mounts.length === 0) return undefined;
    const [prefix, folder] = mounts.reduce((a, b) => (b[0].length > a[0].length ? b : a));
    const relative = pathname.slice(prefix.length) + (pathname.endsWith('/') ? 'index.html' : '');
    const root = await realpath(folder);
    const file = await realpath(path.join(root, relative));
    if (!file.startsWith(root + path.sep)) return undefined;
    const info = await stat(file);
    return info.isFile() ? { path: file, size: info.size, modified: info.mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}
