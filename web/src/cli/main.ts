#!/usr/bin/env node
/**
 * `npx docsift …`. Exit codes: 0, done; 1, it could not be done, and one line says why; 2, the command line cannot be
 * read.
 */
import { DocsiftError, messageOf } from '../errors.js';
import { type Command, runCommand, UsageError } from './command.js';
import { evaluate } from './commands/eval.js';
import { index } from './commands/index.js';
import { pack } from './commands/pack.js';
import { read } from './commands/read.js';
import { search } from './commands/search.js';
import { serve } from './commands/serve.js';
import { version } from './version.js';

const COMMANDS: Command[] = [index, search, serve, read, evaluate, pack];

function help(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2;
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return `docsift ${version}: search for help centers and docs that runs in the browser

Usage: docsift <command> [options]

Commands:
${lines.join('\n')}

docsift <command> --help tells more.
`;
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version' || name === '-v') {
    console.log(version);
    return 0;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help());
    return name === undefined ? 2 : 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) throw new UsageError(`there is no command "${name}"`);
  return command.passesOn ? command.passesOn(rest) : runCommand(command, rest);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  const usage = thrown instanceof UsageError;
  const advice = usage ? '; see docsift --help' : '';
  console.error(`docsift: ${messageOf(thrown).replaceAll('\n', ' ')}${advice}`);
  // A fault of docsift's own is of use only with its place.
  if (!usage && !(thrown instanceof DocsiftError) && thrown instanceof Error) console.error(thrown.stack);
  process.exitCode = usage ? 2 : 1;
}
