/** The element's styles, as a sheet made by script: a policy of `style-src 'self'` allows that, and no style element. */
import base from './styles/base.css';
import box from './styles/box.css';
import list from './styles/list.css';
import media from './styles/media.css';
import panel from './styles/panel.css';

let sheet: CSSStyleSheet | undefined;

/** All elements share one sheet. */
export function adoptStyles(root: ShadowRoot): void {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    // What depends on the device comes last: it overrules the rest.
    sheet.replaceSync([base, box, list, panel, media].join(''));
  }
  root.adoptedStyleSheets = [sheet];
}
