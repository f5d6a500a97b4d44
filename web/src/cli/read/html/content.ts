/** Which part of a page is its content, and what within it is not. */
import { type Document, type Element, find, hasClass, mark } from './dom.js';

/** Elements without text for a reader of the article. */
const WITHOUT_TEXT = new Set(
  (
    'script style noscript template svg canvas iframe object embed audio video map nav footer form button input select ' +
    'textarea label dialog menu annotation head title'
  ).split(' '),
);

const ROLES_LEFT_OUT = new Set(
  'navigation search contentinfo dialog alertdialog menu menubar toolbar tablist tooltip'.split(' '),
);

/** What the common generators put beside the text: line numbers, permalinks, tables of contents, "Edit this page". */
const CLASSES_LEFT_OUT = new Set(
  (
    'linenos linenodiv lineno line-numbers-wrapper lang sr-only visually-hidden screen-reader-text skip-link ' +
    'headerlink hash-link header-anchor heading-anchor anchor-link sl-anchor-link toc table-of-contents ' +
    'tableOfContents theme-doc-toc-mobile theme-doc-version-badge theme-doc-version-banner md-source-file edit-this-page'
  ).split(' '),
);

/** Whether an element and all within it is left out. */
export function isLeftOut(element: Element): boolean {
  const { attribs, name } = element;
  return (
    WITHOUT_TEXT.has(name) ||
    isIgnored(element) ||
    attribs['aria-hidden'] === 'true' ||
    // The panels of tabs other than the first are hidden until they are chosen, and yet are text of the page.
    (attribs.hidden !== undefined && attribs.hidden !== 'until-found' && attribs.role !== 'tabpanel') ||
    ROLES_LEFT_OUT.has(attribs.role ?? '') ||
    hasClass(element, CLASSES_LEFT_OUT)
  );
}

/** `data-docsift-ignore`, unless it says `false`. */
function isIgnored(element: Element): boolean {
  const value = mark(element, 'ignore');
  return value !== undefined && value !== 'false';
}

/** Further parts of a page that are left out where the page does not say what its content is. */
const AROUND_CONTENT = 'header, aside, [role=banner], [role=complementary]';

export interface Content {
  roots: Element[];
  /** Left out, with all within them. */
  without: Set<Element>;
}

/**
 * The content of a page: what is marked with `data-docsift-body`; else what `root` selects; else `<main>`, or the one
 * article in it; else the one `<article>`; else the body without what stands around its content.
 */
export function findContent(page: Document, root: string | undefined, exclude: readonly string[]): Content {
  const without = new Set(exclude.flatMap((selector) => find(selector, page)));
  const marked = outermost(find('[data-docsift-body], [data-pagefind-body]', page));
  if (marked.length > 0) return { roots: marked, without };
  if (root !== undefined) return { roots: outermost(find(root, page)), without };

  const main = find('main, [role=main]', page)[0];
  const articles = outermost(find('article', main ?? page));
  const article = articles.length === 1 ? articles[0] : undefined;
  if (main) {
    const titleOutside = article && find('h1', main).length > 0 && find('h1', article).length === 0;
    return { roots: [article && !titleOutside ? article : main], without };
  }
  if (article) return { roots: [article], without };
  for (const element of find(AROUND_CONTENT, page)) without.add(element);
  return { roots: find('body', page), without };
}

/** The elements that stand in none of the others. They come in the order of the page. */
function outermost(elements: Element[]): Element[] {
  const all = new Set(elements);
  return elements.filter((element) => {
    for (let parent = element.parent; parent; parent = parent.parent) {
      if (all.has(parent as Element)) return false;
    }
    return true;
  });
}
