/**
 * A static file server for the demo and the browser tests: the demo at `/`, the library at `/dist/`, the models at
 * `/models/`, with the content security policy that docsift promises to work under.
 *
 * Run as a program: `node scripts/serve.mjs [--port 5173]`.
 */
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isMain, ROOT, runMain, StepError } from './steps.mjs';

export const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
].join('; ');

const PREFERRED_PORT = 5173;

/** URL prefix → folder; the longest prefix that fits is used. */
const FOLDERS = {
  '/dist/': path.join(ROOT, 'dist'),
  '/models/': path.join(ROOT, 'models'),
  '/': path.join(ROOT, 'web', 'demo', 'dist'),
};

/** @type {Record<string, string>} */
const MEDIA_TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.gguf': 'application/octet-stream',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * @typedef {object} ServerOptions
 * @property {number} [port] 0 takes any free one; by default 5173 or, when that is taken, any free one
 * @property {Record<string, string>} [folders] URL prefix → folder, instead of or beside the three of the demo
 * @property {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => boolean | Promise<boolean>} [intercept]
 *   sees every request first, and answers `true` for those it has dealt with: how tests make a server misbehave
 */

/**
 * @typedef {object} StaticServer
 * @property {string} url with a slash at its end
 * @property {() => Promise<void>} close ends open connections too
 */

/**
 * @param {ServerOptions} [options]
 * @returns {Promise<StaticServer>}
 */
export async function serve({ port, folders = {}, intercept } = {}) {
  const mounts = Object.entries({ ...FOLDERS, ...folders }).sort(([a], [b]) => b.length - a.length);
  const server = createServer(async (request, response) => {
    try {
      if (!(await intercept?.(request, response))) await answer(mounts, request, response);
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
    if (port !== undefined)
      throw new StepError(
        `port ${port} cannot be used: ${/** @type {Error} */ (error).message}`,
        'choose another with --port',
      );
    await attempt(0);
  }
}

/**
 * @param {[string, string][]} mounts
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer(mounts, request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  const file = await locate(mounts, request.url ?? '/');
  if (!file) {
    response
      .writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
      .end('Not found\n');
    return;
  }
  const etag = `"${file.size.toString(16)}-${Math.round(file.modified).toString(16)}"`;
  const headers = {
    'Content-Type': MEDIA_TYPES[path.extname(file.path)] ?? 'application/octet-stream',
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
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

/**
 * The file a URL means; undefined for none, and for any path that leads out of its folder (by `..` or by a link).
 *
 * @param {[string, string][]} mounts
 * @param {string} url
 */
async function locate(mounts, url) {
  try {
    const pathname = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const mount = mounts.find(([prefix]) => pathname.startsWith(prefix));
    if (!mount || pathname.includes('\0')) return undefined;
    const [prefix, folder] = mount;
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

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const flag = process.argv.indexOf('--port');
    const server = await serve(flag < 0 ? {} : { port: Number(process.argv[flag + 1]) });
    console.log(server.url);
  });
}
