/** What stands before the text of a Markdown file, and what it says of the page. */
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import { collapse } from '../blocks.js';
import { isoDate } from '../source.js';

export type FrontMatter = Record<string, unknown>;

/** Throws where it cannot be parsed, or is not a list of names and values. */
export function parseFrontMatter(kind: 'yaml' | 'toml', text: string): FrontMatter {
  const value: unknown = kind === 'yaml' ? parseYaml(text) : parseToml(text);
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as FrontMatter;
  throw new Error(`expected names and values as front matter, found ${JSON.stringify(value)?.slice(0, 40)}`);
}

/** What the generators of sites call the same things. */
const NAMES = {
  title: ['title', 'sidebar_label', 'sidebarTitle', 'linkTitle'],
  updated: ['updated', 'lastUpdated', 'last_updated', 'last_update', 'lastmod', 'modified', 'date'],
  section: ['section', 'category'],
  address: ['permalink', 'slug', 'url'],
  lang: ['lang', 'language'],
};

/** The first text among the names of something; numbers count as text, since YAML takes `title: 404` for one. */
export function textOf(
  matter: FrontMatter,
  what: 'title' | 'section' | 'address' | 'lang',
): string | undefined {
  for (const name of NAMES[what]) {
    const value = matter[name];
    if (typeof value === 'string' && collapse(value) !== '') return collapse(value);
    if (typeof value === 'number') return String(value);
  }
  return undefined;
}

export function updatedOf(matter: FrontMatter): string | undefined {
  for (const name of NAMES.updated) {
    const value = matter[name];
    const date = isoDate(isObject(value) ? value.date : value);
    if (date) return date;
  }
  return undefined;
}

/** Why a page is not to be found. */
export function reasonToLeaveOut(matter: FrontMatter): string | undefined {
  if (matter.draft === true) return 'its front matter says draft: true';
  if (matter.published === false) return 'its front matter says published: false';
  if (matter.unlisted === true) return 'its front matter says unlisted: true';
  if (matter.docsift === false || matter.search === false || matter.pagefind === false)
    return 'its front matter turns search off';
  return undefined;
}

/** Fields to filter by: `tags`, and whatever stands below `docsift`. */
export function fieldsOf(matter: FrontMatter): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const tags = listOf(matter.tags ?? matter.keywords);
  if (tags.length > 0) fields.tags = tags;
  if (isObject(matter.docsift)) {
    for (const [name, value] of Object.entries(matter.docsift)) if (isPlain(value)) fields[name] = value;
  }
  return fields;
}

function listOf(value: unknown): string[] {
  const list = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  return list.map((item) => collapse(String(item))).filter((item) => item !== '');
}

function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isPlain) : ['string', 'number', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
