/** The options of every command that reads documents. */
import { selectAll } from 'css-select';
import { type Options, oneOf, UsageError, type Values } from './command.js';
import type { Format } from './read/index.js';
import type { ReadOptions } from './read/source.js';

export const READ_OPTIONS = {
  format: {
    type: 'string',
    value: 'format',
    help: 'html, markdown or json. Default: what the folder holds, HTML first',
  },
  'base-url': {
    type: 'string',
    value: 'url',
    help: 'what the pages’ addresses begin with. Default: /',
  },
  urls: {
    type: 'string',
    value: 'style',
    help: 'the address of a/b.html: file (/a/b.html), pretty (/a/b) or folder (/a/b/).\nDefault: file for HTML, pretty for Markdown',
  },
  root: {
    type: 'string',
    value: 'selector',
    help: 'the main content of pages without data-docsift-body.\nDefault: main, or the article in it',
  },
  exclude: {
    type: 'string',
    multiple: true,
    value: 'selector',
    help: 'a part of pages to leave out; may be given more than once',
  },
} as const satisfies Options;

export function readOptions(values: Values<typeof READ_OPTIONS>): {
  format: Format | undefined;
  optionsFor: (format: Format) => ReadOptions;
} {
  const { root, exclude = [] } = values;
  for (const selector of [root, ...exclude]) if (selector !== undefined) checkSelector(selector);
  const style = oneOf('urls', values.urls, ['file', 'pretty', 'folder']);
  return {
    format: oneOf('format', values.format, ['html', 'markdown', 'json']),
    optionsFor: (format) => ({
      addresses: { base: values['base-url'] ?? '/', style: style ?? (format === 'html' ? 'file' : 'pretty') },
      root,
      exclude,
    }),
  };
}

function checkSelector(selector: string): void {
  try {
    selectAll(selector, []);
  } catch {
    throw new UsageError(`expected a CSS selector, found "${selector}"`);
  }
}
