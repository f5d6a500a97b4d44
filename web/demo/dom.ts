/** Building the page from text: nothing here can turn a document's text into markup. */

/** The element with this id; the page's own markup has to have it. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} with the id "${id}"`);
  return element;
}

/** Makes an element with a class and children; strings become text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** A description list's pair, in a `div` so that it stays together. */
export function pair(term: string, value: string): HTMLElement {
  return make('div', '', make('dt', '', term), make('dd', '', value));
}
