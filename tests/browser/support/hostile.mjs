/** Text that somebody hostile would write. Whatever of it were run would set `pwned` in the page. */

/** @type {Record<string, string>} */
export const PAYLOADS = {
  markup:
    '<img src=x onerror="pwned=1"><script>pwned=1</script><svg onload="pwned=1"></svg><iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
  attribute:
    '"\'><a href="javascript:pwned=1" onclick=pwned=1>link</a><base href="https://elsewhere.example/">',
  style:
    '</style><style>body{display:none}</style><link rel=stylesheet href="https://elsewhere.example/x.css">',
  template: '{{constructor.constructor("pwned=1")()}} <%= pwned=1 %>',
  markdown: '[link](javascript:pwned=1) ![image](https://elsewhere.example/x.png) <javascript:pwned=1>',
  entities: '&lt;script&gt;pwned=1&lt;/script&gt;&#0;&nbsp;',
  bidi: '\u202Egnp.exe\u202C \u2066isolate\u2069 \u200F\u061C',
  invisible: 'zero\u200Bwidth\u200C\u200D\u2060\uFEFF\u00AD',
  surrogates: 'high \uD800 low \uDC00 turned \uDC00\uD800',
  control: 'null \0 bell \u0007 escape \u001B[31m \u0085\u2028\u2029',
  combining: `z${'\u0301'.repeat(500)}`,
  separators: '\r\n\r\n---\r\n# # # \n\n```\n',
};

/** Addresses, and whether they may be a link. @type {[string, boolean][]} */
const ADDRESSES = [
  ['javascript:pwned=1', false],
  ['JaVaScRiPt:pwned=1', false],
  [' \u0001javascript:pwned=1', false],
  ['java\nscript:pwned=1', false],
  ['javascript://localhost/%0Apwned=1', false],
  ['data:text/html,<script>opener.pwned=1</script>', false],
  ['vbscript:pwned=1', false],
  ['blob:http://localhost/1', false],
  ['file:///etc/passwd', false],
  ['http://[', false],
  ['/help/fine?a=<b>#"c"', true],
  ['https://help.example/fine', true],
];

/** Names that every object inherits. */
export const INHERITED = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];

/**
 * Documents that all have the word "hostile". They come as JSON, in which `__proto__` is a key like others.
 *
 * @returns {string}
 */
export function hostileDocuments() {
  const texts = Object.entries(PAYLOADS);
  const documents = texts.map(([name, text], i) => ({
    id: INHERITED[i] ?? `${name} ${text}`,
    title: `hostile ${text}`,
    body: `A hostile beginning ${text}.\n\n# hostile ${text}\n\nThe hostile words of ${text} end here.`,
    section: INHERITED[i] ?? text,
    url: ADDRESSES[i][0],
    inherited: 'own',
  }));
  // Written by hand: `__proto__` in an object literal is something else.
  return JSON.stringify(documents).replaceAll('"inherited":', '"constructor":"c","__proto__":');
}

/** The addresses of the documents that may be links. */
export const ALLOWED = ADDRESSES.filter(([, allowed]) => allowed).map(([address]) => address);
