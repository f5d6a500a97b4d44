/**
 * A static file server for the demo and the browser tests: the demo at `/`, the library at `/dist/`, the models at
 * `/models/`, with the content security policy that docsift promises to work under.
 *
 * Run as a program: `node scripts/serve.mjs [--port 5173]`.
 */
import path from 'node:path';
import { serveFolders } from '../web/src/cli/serve/static-server.mjs';
import { isMain, ROOT, runMain, StepError } from './steps.mjs';

export { CONTENT_SECURITY_POLICY } from '../web/src/cli/serve/static-server.mjs';

const FOLDERS = {
  '/dist/': path.join(ROOT, 'dist'),
  '/models/': path.join(ROOT, 'models'),
  '/': path.join(ROOT, 'web', 'demo', 'dist'),
};

/**
 * @param {Partial<import('../web/src/cli/serve/static-server.mjs').ServerOptions>} [options] `folders` are instead of or
 *   beside the three of the demo
 * @returns {Promise<import('../web/src/cli/serve/static-server.mjs').StaticServer>}
 */
export async function serve({ folders = {}, ...options } = {}) {
  try {
    return await serveFolders({ ...options, folders: { ...FOLDERS, ...folders } });
  } catch (error) {
    throw new StepError(
      `port ${options.port} cannot be used: ${/** @type {Error} */ (error).message}`,
      'choose another with --port',
    );
  }
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const flag = process.argv.indexOf('--port');
    const server = await serve(flag < 0 ? {} : { port: Number(process.argv[flag + 1]) });
    console.log(server.url);
  });
}
