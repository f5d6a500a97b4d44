/** Makes elements. Text becomes text nodes, never markup; no attribute named `style` is set, as the page's policy may forbid it. */

type Child = Node | string | undefined | false;

/**
 * An element with attributes and children. An attribute that is `undefined` or `false` is left out, `true` is empty.
 */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) setAttribute(element, key, value);
  element.append(
    ...children.filter((child): child is Node | string => child !== undefined && child !== false),
  );
  return element;
}

export function setAttribute(element: Element, name: string, value: string | boolean | undefined): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : value);
}

const SVG = 'http://www.w3.org/2000/svg';

/** Outlines on a grid of 20 units. */
const ICONS = {
  search: 'M8.5 14a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM12.5 12.5 17 17',
  page: 'M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15',
  heading: 'M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h14M2.5 12.5h14',
  recent: 'M10 17a7 7 0 1 0-6.6-4.7M3 8v4.5h4.5M10 6v4.5l3 2',
  open: 'M16 4v5.5a2 2 0 0 1-2 2H4.5M8 8l-3.5 3.5L8 15',
  clear: 'm5.5 5.5 9 9m0-9-9 9',
  warning: 'M10 3 2.5 16.5h15zM10 8v4M10 14.2v.3',
  up: 'M10 16V4.5M5.5 9 10 4.5 14.5 9',
  down: 'M10 4v11.5M5.5 11l4.5 4.5 4.5-4.5',
} as const;

export type IconName = keyof typeof ICONS;

/** A picture beside words that say the same, so that it is hidden from screen readers. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  const attributes = { viewBox: '0 0 20 20', class: `icon icon-${name}`, 'aria-hidden': 'true' };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** A key as it is printed. */
export const key = (...content: Child[]): HTMLElement => make('kbd', { 'aria-hidden': 'true' }, ...content);
