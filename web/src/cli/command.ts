/** What a command is: its arguments, its options, its help. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

export interface Option {
  type: 'string' | 'boolean';
  /** Whether it may be given more than once. */
  multiple?: boolean;
  short?: string;
  /** What its value is, in the help: `folder`, `number`. */
  value?: string;
  help: string;
}

export type Options = Record<string, Option>;

type Value<O extends Option> = O['type'] extends 'boolean'
  ? boolean | undefined
  : O['multiple'] extends true
    ? string[] | undefined
    : string | undefined;

export type Values<O extends Options> = { [K in keyof O]: Value<O[K]> };

export interface Command<O extends Options = Options> {
  name: string;
  /** One line. */
  summary: string;
  /** What it takes beside options, as in `<folder>`; those in brackets may be left out. */
  arguments: string[];
  options: O;
  /** Further lines of help. */
  details?: string;
  /** Takes the arguments as they are, in place of `run`, where they are read elsewhere. */
  passesOn?(args: string[]): Promise<number>;
  /** Throws a `DocsiftError` for what the user can mend; returns the exit code. */
  run(values: Values<O>, positionals: string[]): Promise<number>;
}

/** Keeps the types of a command's options. */
export function command<const O extends Options>(definition: Command<O>): Command {
  return definition as unknown as Command;
}

/** A command line that cannot be read: exit code 2. */
export class UsageError extends Error {}

/** Reads a command's arguments and runs it. */
export async function runCommand(definition: Command, args: string[]): Promise<number> {
  const options: ParseArgsConfig['options'] = { help: { type: 'boolean', short: 'h' } };
  for (const [name, { type, multiple = false, short }] of Object.entries(definition.options))
    options[name] = short ? { type, multiple, short } : { type, multiple };
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (thrown) {
    // The first sentence names what is wrong; the rest is about how Node parses.
    throw new UsageError((thrown as Error).message.split('. ')[0]);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(helpOf(definition));
    return 0;
  }
  const least = definition.arguments.filter((argument) => argument.startsWith('<')).length;
  if (positionals.length < least)
    throw new UsageError(`${definition.name}: expected ${definition.arguments[positionals.length]}`);
  const extra = positionals[definition.arguments.length];
  if (extra !== undefined) throw new UsageError(`${definition.name}: unexpected argument "${extra}"`);
  return definition.run(values as Values<Options>, positionals);
}

export function helpOf({ name, summary, arguments: args, options, details }: Command): string {
  const rows = Object.entries(options).map(([option, { short, value, help }]): [string, string] => [
    `${short ? `-${short}, ` : '    '}--${option}${value ? ` <${value}>` : ''}`,
    help,
  ]);
  rows.push(['-h, --help', 'this text']);
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  const lines = rows.map(
    ([left, help]) => `  ${left.padEnd(width)}${help.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}`,
  );
  const usage = ['docsift', name, ...args, '[options]'].join(' ');
  return `${summary}\n\nUsage: ${usage}\n${details ? `\n${details}\n` : ''}\nOptions:\n${lines.join('\n')}\n`;
}

/** An option's whole number. */
export function count(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(value))
    throw new UsageError(`--${name}: expected a whole number from 1, found "${value}"`);
  return Number(value);
}

/** An option that has one of a few values. */
export function oneOf<const T extends string>(
  name: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (value === undefined || allowed.includes(value as T)) return value as T | undefined;
  throw new UsageError(`--${name}: expected ${allowed.join(', ')}, found "${value}"`);
}
