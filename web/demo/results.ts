/** The list of results, kept element by element from one stage to the next so that a result is seen to move. */
import type { Excerpt, Hit } from 'docsift';
import { safeHref } from '../src/element/links.js';
import { make, pair } from './dom.js';
import { move, score } from './format.js';

const MOVE_MS = 260;

export class ResultList {
  readonly #list: HTMLOListElement;
  readonly #items = new Map<string, HTMLLIElement>();

  constructor(list: HTMLOListElement) {
    this.#list = list;
  }

  /** Shows these hits; with `animate`, those already shown glide to their new places. */
  show(hits: readonly Hit[], animate: boolean): void {
    const before = new Map([...this.#items].map(([id, item]) => [id, item.offsetTop]));
    const focused = this.#list.contains(document.activeElement)
      ? document.activeElement?.closest('li')?.dataset.id
      : undefined;

    const shown = new Set(hits.map(({ id }) => id));
    for (const id of [...this.#items.keys()]) if (!shown.has(id)) this.#items.delete(id);
    for (const hit of hits) {
      const item = this.#items.get(hit.id) ?? make('li', 'hit');
      item.dataset.id = hit.id;
      item.replaceChildren(place(hit), article(hit));
      this.#items.set(hit.id, item);
    }
    this.#list.replaceChildren(...hits.map(({ id }) => this.#items.get(id) as HTMLLIElement));

    if (focused !== undefined) this.#items.get(focused)?.querySelector('a')?.focus({ preventScroll: true });
    if (animate && !matchMedia('(prefers-reduced-motion: reduce)').matches) this.#glide(before);
  }

  clear(): void {
    this.#items.clear();
    this.#list.replaceChildren();
  }

  /** Moves the focus by one result; from outside the list, to its first. Returns whether there was one to go to. */
  focusNext(step: 1 | -1): boolean {
    const links = [...this.#list.querySelectorAll('a')];
    const focused = links.findIndex((link) => link.matches(':focus'));
    const target = focused < 0 && step < 0 ? undefined : links[focused + step];
    target?.focus();
    return target !== undefined;
  }

  #glide(before: ReadonlyMap<string, number>): void {
    for (const [id, item] of this.#items) {
      const old = before.get(id);
      const frames: Keyframe[] =
        old === undefined
          ? [{ opacity: 0 }, { opacity: 1 }]
          : [{ transform: `translateY(${old - item.offsetTop}px)` }, { transform: 'none' }];
      item.animate(frames, { duration: MOVE_MS, easing: 'cubic-bezier(0.2, 0, 0, 1)' });
    }
  }
}

function place({ rank, retrievalRank, scores }: Hit): HTMLElement {
  const element = make('div', 'place', make('span', 'rank', String(rank)));
  if (scores.cross !== undefined) element.append(moveLabel(retrievalRank, rank));
  return element;
}

/** ▲3, with the same in words for those who do not see it. */
export function moveLabel(from: number, to: number): HTMLElement {
  const label = make('span', `move ${from > to ? 'up' : from < to ? 'down' : ''}`, move(from, to));
  const words = from === to ? 'Not moved by reranking' : `Moved from ${from} to ${to} by reranking`;
  label.setAttribute('role', 'img');
  label.setAttribute('aria-label', words);
  label.title = words;
  return label;
}

function article({ document: found, passage, excerpt, scores }: Hit): HTMLElement {
  const { title, url, section } = found;
  const link = make('a', '', title);
  const address = safeHref(url, passage.anchor, document.baseURI);
  if (address) link.href = address;
  const text = make('p', 'excerpt', ...highlighted(excerpt));
  if (passage.heading) text.prepend(make('b', '', passage.heading), ' — ');
  const numbers = make(
    'dl',
    'scores',
    pair('cosine', score(scores.cosine, 3)),
    pair('cross-encoder', score(scores.cross, 2)),
  );
  return make(
    'article',
    '',
    ...(section ? [make('p', 'section', section.replaceAll(' > ', ' › '))] : []),
    make('h2', '', link),
    text,
    numbers,
  );
}

function highlighted({ text, highlights }: Excerpt): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let end = 0;
  for (const [from, to] of highlights) {
    parts.push(text.slice(end, from), make('mark', '', text.slice(from, to)));
    end = to;
  }
  parts.push(text.slice(end));
  return parts;
}
