/**
 * The page of the element's tests. Its address says what the element is like: `?mode=inline&theme=dark&limit=5` are
 * attributes; `page-lang` and `page-theme` are the page's own; with `real` the search is the package's, else a fake.
 */
import '/dist/element.js';
import { FakeSearch } from './element-fake.js';

const parameters = new URLSearchParams(location.search);
const element = document.createElement('docsift-search');
for (const [name, value] of parameters) {
  if (name === 'page-lang') {
    document.documentElement.lang = value;
    document.documentElement.dir = /^(ar|he)/.test(value) ? 'rtl' : 'ltr';
  } else if (name === 'page-theme') document.documentElement.dataset.theme = value;
  else if (name !== 'real') element.setAttribute(name, value);
}

window.events = [];
for (const type of ['open', 'close', 'select', 'error']) {
  element.addEventListener(`docsift:${type}`, ({ detail }) => {
    window.events.push({ type, code: detail?.code, href: detail?.href, newTab: detail?.newTab });
  });
}
window.violations = [];
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
  window.violations.push(`${violatedDirective} ${blockedURI}`);
});

if (!parameters.has('real')) {
  window.fake = new FakeSearch(document.documentElement.lang);
  element.search = window.fake;
}
window.element = element;
document.querySelector('#place').append(element);
