/**
 * Registers `<docsift-search>`, where there are custom elements: on a server, importing this does nothing. The engine is
 * loaded when somebody begins to search.
 */
import { DocsiftSearchElement } from './element.js';

export { DocsiftSearchElement, type SelectDetail } from './element.js';
export type { Plural, Strings } from './languages/strings.js';
export type { ElementHit, ElementQuery, ElementResult, SearchLike } from './types.js';

if (globalThis.customElements && !customElements.get('docsift-search')) {
  customElements.define('docsift-search', DocsiftSearchElement);
}
