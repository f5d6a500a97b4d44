/** The options of the list: documents found, or recent searches. Kept element by element, so that they are seen to move. */

import type { Excerpt, Passage } from '../types.js';
import { arrange } from './arrange.js';
import { icon, make } from './dom.js';
import { safeHref } from './links.js';
import { markWords, runsOf } from './marks.js';
import type { ElementHit, ElementResult } from './types.js';

const MOVE_MS = 180;
/** Other headings of a document that are offered below it. */
const MOST_HEADINGS = 2;

/** What an option stands for. */
export type Choice = { hit: ElementHit; passage: Passage; href: string | undefined } | { recent: string };

/** One document with its options: itself, then headings of it. */
interface Item {
  id: string;
  element: HTMLElement;
  options: HTMLElement[];
}

export class ResultList {
  readonly element: HTMLElement;
  readonly #baseUrl: () => string | undefined;
  readonly #choices = new WeakMap<Element, Choice>();
  #items: Item[] = [];
  /** A better order that waits until nothing is held, and what it is for. */
  #pending: ElementResult | undefined;
  #active: HTMLElement | undefined;
  #held = false;
  #made = 0;

  /** @param baseUrl what relative links are relative to */
  constructor(element: HTMLElement, baseUrl: () => string | undefined) {
    this.element = element;
    this.#baseUrl = baseUrl;
  }

  get options(): HTMLElement[] {
    return this.#items.flatMap(({ options }) => options);
  }

  /** The option that was chosen by key or pointer. */
  get active(): HTMLElement | undefined {
    return this.#active;
  }

  choiceOf(option: Element): Choice | undefined {
    return this.#choices.get(option);
  }

  /** Shows the answer to another question: nothing of the older one stays. */
  replace(result: ElementResult): void {
    this.clear();
    this.#show(result, false);
  }

  /** Shows a better answer to the same question. Items at and above the one held stay where they are. */
  improve(result: ElementResult): void {
    this.#pending = this.#held ? result : undefined;
    this.#show(result, true);
  }

  clear(): void {
    this.#pending = undefined;
    this.activate(undefined);
    this.#items = [];
    this.element.replaceChildren();
  }

  showRecent(texts: readonly string[], removeLabel: string): void {
    this.clear();
    this.#items = texts.map((text, i) => {
      const option = make(
        'div',
        { class: 'option', part: 'option recent', role: 'option', id: this.#id(), 'aria-selected': 'false' },
        icon('recent'),
        make('span', { class: 'title', dir: 'auto' }, text),
        make('span', { class: 'remove', title: removeLabel, 'aria-hidden': 'true' }, icon('clear')),
      );
      this.#choices.set(option, { recent: text });
      return { id: String(i), element: option, options: [option] };
    });
    this.element.replaceChildren(...this.#items.map(({ element }) => element));
  }

  /**
   * Marks an option as chosen, and with `hold` keeps it in its place until `release`.
   */
  activate(option: HTMLElement | undefined, hold = false): void {
    this.#active?.setAttribute('aria-selected', 'false');
    option?.setAttribute('aria-selected', 'true');
    this.element.toggleAttribute('data-chosen', option !== undefined);
    this.#active = option;
    this.#held = hold && option !== undefined;
  }

  /** Nothing is held any more: the better order that has come meanwhile is shown. */
  release(): void {
    this.#held = false;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending) this.#show(pending, true);
  }

  #show(result: ElementResult, animate: boolean): void {
    const shown = this.#items.map(({ id }) => id);
    const held = this.#held
      ? this.#items.findIndex(({ options }) => options.includes(this.#active as HTMLElement))
      : -1;
    const hits = new Map(result.hits.map((hit) => [hit.id, hit]));
    const order = arrange(shown, [...hits.keys()], held < 0 ? undefined : held);
    const before = new Map(this.#items.map(({ id, element }) => [id, element.offsetTop]));
    const old = new Map(this.#items.map((item) => [item.id, item]));
    const terms = wordsOf(result);
    this.#items = order.map((id, i) => {
      const item = old.get(id);
      const hit = hits.get(id);
      // What is held keeps its text too: a longer excerpt would move what the pointer is on.
      return item && (i <= held || !hit) ? item : this.#item(hit as ElementHit, terms, item);
    });
    if (this.#active && !this.options.includes(this.#active)) this.activate(undefined);
    this.#place();
    if (animate && !matchMedia('(prefers-reduced-motion: reduce)').matches) this.#glide(before);
  }

  /** Brings the items into their order. One that is in its place is not touched: a press on it may not be over. */
  #place(): void {
    const { children } = this.element;
    this.#items.forEach(({ element }, i) => {
      if (children[i] !== element) this.element.insertBefore(element, children[i] ?? null);
    });
    while (children.length > this.#items.length) children[this.#items.length]?.remove();
  }

  /** Fills an item anew. Its first option stays the same element, so that it stays chosen. */
  #item(hit: ElementHit, terms: readonly string[], old?: Item): Item {
    const element = old?.element ?? make('div', { class: 'hit', part: 'hit', role: 'presentation' });
    const first = this.#option(hit, hit.passage, 'option', old?.options[0]);
    first.replaceChildren(...describe(hit, terms));
    const seen = new Set([hit.passage.anchor, undefined]);
    const others = (hit.passages ?? [])
      .filter(({ anchor }) => !seen.has(anchor) && seen.add(anchor))
      .slice(0, MOST_HEADINGS)
      .map((passage) => {
        const option = this.#option(hit, passage, 'option sub');
        option.append(
          icon('heading'),
          make('span', { class: 'title', dir: 'auto' }, ...marked(lastHeading(passage), terms)),
        );
        return option;
      });
    const options = [first, ...others];
    element.replaceChildren(...options);
    return { id: hit.id, element, options };
  }

  /** A link, so that it can be opened in every way in which links can; without an address, a link that leads nowhere. */
  #option(hit: ElementHit, passage: Passage, names: string, old?: HTMLElement): HTMLElement {
    const href = safeHref(hit.document.url, passage.anchor, this.#baseUrl());
    const option =
      old ?? make('a', { role: 'option', id: this.#id(), tabindex: '-1', 'aria-selected': 'false' });
    option.className = names;
    option.setAttribute('part', names);
    if (href) option.setAttribute('href', href);
    else option.removeAttribute('href');
    this.#choices.set(option, { hit, passage, href });
    return option;
  }

  #id(): string {
    this.#made += 1;
    return `option-${this.#made}`;
  }

  #glide(before: ReadonlyMap<string, number>): void {
    for (const { id, element } of this.#items) {
      const old = before.get(id);
      const now = element.offsetTop;
      if (old === now) continue;
      const frames: Keyframe[] =
        old === undefined
          ? [{ opacity: 0 }, { opacity: 1 }]
          : [{ transform: `translateY(${old - now}px)` }, { transform: 'none' }];
      element.animate(frames, { duration: MOVE_MS, easing: 'cubic-bezier(0.2, 0, 0, 1)' });
    }
  }
}

function describe({ document, passage, excerpt }: ElementHit, terms: readonly string[]): Node[] {
  const path = [...pathOf(document.section), ...pathOf(passage.heading)];
  return [
    icon(passage.heading ? 'heading' : 'page'),
    make(
      'span',
      { class: 'text' },
      make(
        'span',
        { class: 'title', part: 'title', dir: 'auto' },
        ...marked(document.title || document.id, terms),
      ),
      path.length > 0 && crumbs(path),
      make('span', { class: 'excerpt', part: 'excerpt', dir: 'auto' }, ...nodesOf(excerpt)),
    ),
    icon('open'),
  ];
}

/** Section and headings, outermost first. */
function crumbs(path: readonly string[]): HTMLElement {
  const parts = path.flatMap((name, i) => [
    ...(i > 0 ? [make('span', { class: 'separator', 'aria-hidden': 'true' }, '›'), ' '] : []),
    make('span', {}, name),
    ' ',
  ]);
  return make('span', { class: 'crumbs', part: 'crumbs', dir: 'auto' }, ...parts);
}

const pathOf = (path: string | undefined): string[] => (path ? path.split(' > ') : []);

const lastHeading = ({ heading, text }: Passage): string => pathOf(heading).at(-1) ?? text.slice(0, 80);

const marked = (text: string, terms: readonly string[]): (Node | string)[] => nodesOf(markWords(text, terms));

function nodesOf(excerpt: Excerpt): (Node | string)[] {
  return runsOf(excerpt).map(({ text, marked }) => (marked ? make('mark', { part: 'mark' }, text) : text));
}

/** The words that the index has been asked for. */
const wordsOf = ({ terms = [] }: ElementResult): string[] =>
  terms.flatMap(({ text, matched }) => [text, ...matched]);
