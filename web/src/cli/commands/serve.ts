/** `docsift serve`: a site as a strict host would serve it, to try the search. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DocsiftError, messageOf } from '../../errors.js';
import { command, UsageError } from '../command.js';
import { CONTENT_SECURITY_POLICY, serveFolders } from '../serve/static-server.mjs';

export const serve = command({
  name: 'serve',
  summary: 'Serve a folder with the right types and a strict Content-Security-Policy, to try the search',
  arguments: ['<folder>'],
  options: {
    port: { type: 'string', short: 'p', value: 'number', help: 'Default: 5173, or any free one' },
    'base-url': { type: 'string', value: 'path', help: 'where on the site the folder lies. Default: /' },
    'no-csp': {
      type: 'boolean',
      help: 'send no Content-Security-Policy, for sites with inline scripts or styles',
    },
  },
  details: `The policy sent is the one that docsift needs:\n  ${CONTENT_SECURITY_POLICY}`,
  async run(values, [folder = '']) {
    const info = await stat(folder).catch(() => undefined);
    if (!info?.isDirectory())
      throw new DocsiftError('invalid_input', `${folder}: expected a folder; name the one that is deployed`);
    const base = values['base-url'] ?? '/';
    if (!base.startsWith('/')) throw new UsageError(`--base-url: expected a path from /, found "${base}"`);
    const server = await start(portOf(values.port), {
      folders: { [base.endsWith('/') ? base : `${base}/`]: path.resolve(folder) },
      pretty: true,
      ...(values['no-csp'] ? { policy: '' } : {}),
    });
    console.log(new URL(base, server.url).href);
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    await server.close();
    return 0;
  },
});

async function start(port: number | undefined, options: Parameters<typeof serveFolders>[0]) {
  try {
    return await serveFolders(port === undefined ? options : { ...options, port });
  } catch (thrown) {
    const advice = 'choose another with --port';
    throw new DocsiftError('invalid_options', `port ${port} cannot be used: ${messageOf(thrown)}; ${advice}`);
  }
}

function portOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value) && Number(value) <= 65535) return Number(value);
  throw new UsageError(`--port: expected a number from 0 to 65535, found "${value}"`);
}
