/** What a page says about itself: title, section, date, language, and the fields that searches filter by. */
import { collapse } from '../blocks.js';
import { isoDate } from '../source.js';
import { lineOf } from './blocks.js';
import { type Document, type Element, find, mark } from './dom.js';

/** Names and values of `<meta>`; a name may come more than once. */
export type Meta = Map<string, string[]>;

export function readMeta(page: Document): Meta {
  const meta: Meta = new Map();
  for (const { attribs } of find('meta[content]', page)) {
    const name = (attribs.name ?? attribs.property ?? attribs['http-equiv'])?.toLowerCase();
    const value = collapse(attribs.content ?? '');
    if (name && value !== '') meta.set(name, [...(meta.get(name) ?? []), value]);
  }
  return meta;
}

/** Why a page is not one to be found; `undefined` for one that is. */
export function reasonToLeaveOut(meta: Meta): string | undefined {
  if (meta.has('refresh')) return 'it only redirects';
  const robots = meta.get('robots')?.join(',') ?? '';
  if (/(^|[\s,])(noindex|none)([\s,]|$)/i.test(robots)) return 'its robots meta says noindex';
  return undefined;
}

/**
 * The title: `<meta name="docsift:title">`, the first heading of level 1, or `<title>` without the name of the site.
 */
export function titleOf(page: Document, meta: Meta, heading: Element | undefined): string {
  const given = meta.get('docsift:title')?.[0];
  if (given) return given;
  const text = heading && lineOf(heading);
  if (text) return text;
  const title = collapse(find('head > title', page).map(rawText)[0] ?? '');
  const site = meta.get('og:site_name')?.[0];
  if (site) {
    for (const sign of ['|', '–', '—', '-', '·', ':']) {
      if (title.endsWith(` ${sign} ${site}`)) return title.slice(0, -` ${sign} ${site}`.length);
    }
  }
  return title.replace(/ [|–—·] [^|–—·]*$/u, '');
}

/** ISO 8601; the page's own dates of change, before the one `<time>` that may be of something else. */
export function updatedOf(page: Document, meta: Meta): string | undefined {
  const names = [
    'docsift:updated',
    'article:modified_time',
    'og:updated_time',
    'last-modified',
    'dcterms.modified',
  ];
  for (const name of names) {
    const date = isoDate(meta.get(name)?.[0]);
    if (date) return date;
  }
  const times = find('time[datetime]', page);
  const changed = times.find((time) => /modified|updated/i.test(time.attribs.itemprop ?? ''));
  const labelled = times.find((time) => /updated|modified|edited/i.test(surroundings(time)));
  const only = times.length === 1 ? times[0] : undefined;
  return isoDate((changed ?? labelled ?? only)?.attribs.datetime);
}

/** The text and class of what a date stands in: "Last updated on", `class="last-updated"`. */
function surroundings(time: Element): string {
  const parent = time.parent as Element | null;
  return parent ? `${parent.attribs?.class ?? ''} ${rawText(parent).slice(0, 80)}` : '';
}

/**
 * The fields of `<meta name="docsift:…">` and of `data-docsift-filter`: `name` takes the element's text, `name:value`
 * the value, `name[attribute]` an attribute's; several are separated by commas. One value is a string, more are a list.
 */
export function fieldsOf(page: Document, meta: Meta): Record<string, string | string[]> {
  const values = new Map<string, Set<string>>();
  const add = (name: string, value: string) => {
    if (name === '' || value === '') return;
    const known = values.get(name) ?? new Set();
    values.set(name, known.add(value));
  };
  for (const [name, contents] of meta) {
    const field = /^docsift:(.+)$/.exec(name)?.[1];
    if (field && field !== 'title' && field !== 'updated') for (const value of contents) add(field, value);
  }
  for (const element of find('[data-docsift-filter], [data-pagefind-filter]', page)) {
    for (const part of (mark(element, 'filter') ?? '').split(',')) {
      const [, name = '', attribute, , value] =
        /^([^:[\]]+)(?:\[([^\]]+)\])?(:(.*))?$/.exec(part.trim()) ?? [];
      const found = value ?? (attribute ? element.attribs[attribute] : lineOf(element)) ?? '';
      add(name.trim(), collapse(found));
    }
  }
  return Object.fromEntries(
    [...values].map(([name, set]) => [name, set.size === 1 ? [...set][0] : [...set]]),
  ) as Record<string, string | string[]>;
}

/** The trail of a page's breadcrumbs, without the page itself. */
export function breadcrumbsOf(page: Document, title: string): string | undefined {
  const trail = find(
    'nav[aria-label*="breadcrumb" i], [itemtype$="BreadcrumbList"], ul.wy-breadcrumbs, ol.breadcrumb, ul.breadcrumb, ul.breadcrumbs, ol.breadcrumbs',
    page,
  )[0];
  if (!trail) return undefined;
  const items = find('li', trail)
    .filter((item) => find('li', item).length === 0)
    .map((item) => lineOf(item).replace(/^[\s/›»>]+|[\s/›»>]+$/gu, ''))
    .filter((text) => text !== '' && !/^(home|docs|edit on .*|view page source)$/i.test(text));
  if (items.at(-1) === title) items.pop();
  return items.length > 0 ? items.join(' > ') : undefined;
}

function rawText(element: Element): string {
  return element.children
    .map((child) => ('data' in child ? child.data : 'children' in child ? rawText(child as Element) : ''))
    .join('');
}
