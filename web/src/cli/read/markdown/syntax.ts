/** Markdown and MDX as a syntax tree: CommonMark with GitHub's tables, task lists and footnotes, and front matter. */
import type { Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { mdxFromMarkdown } from 'mdast-util-mdx';
import { frontmatter } from 'micromark-extension-frontmatter';
import { gfm } from 'micromark-extension-gfm';
import { mdxjs } from 'micromark-extension-mdxjs';

const MATTER: ['yaml', 'toml'] = ['yaml', 'toml'];

export function parseMarkdown(text: string): Root {
  return fromMarkdown(text, {
    extensions: [gfm(), frontmatter(MATTER)],
    mdastExtensions: [gfmFromMarkdown(), frontmatterFromMarkdown(MATTER)],
  });
}

/** Throws where it is not MDX: an element that is not closed, a brace that is not one of an expression. */
export function parseMdx(text: string): Root {
  // `{#anchor}` behind a heading is no expression, though MDX would take it for one; nor is an HTML comment.
  const readable = text
    .replace(/^([ \t]*#{1,6}[ \t].*)\{(#[^\s{}]+)\}[ \t]*$/gm, '$1\\{$2}')
    .replace(/<!--[\s\S]*?-->/g, '');
  return fromMarkdown(readable, {
    extensions: [gfm(), mdxjs(), frontmatter(MATTER)],
    mdastExtensions: [gfmFromMarkdown(), mdxFromMarkdown(), frontmatterFromMarkdown(MATTER)],
  });
}
