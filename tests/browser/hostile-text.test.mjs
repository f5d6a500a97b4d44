/** Documents and queries that are written to do harm: nothing of them runs, is markup, or changes what objects inherit. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { openBrowser, startSite } from './harness.mjs';
import { demoReady } from './support/demo.mjs';
import { STRICT_POLICY } from './support/element.mjs';
import { ALLOWED, hostileDocuments, INHERITED, PAYLOADS } from './support/hostile.mjs';
import { importPackage, SMALL_EMBEDDER, SMALL_RERANKER } from './support/package.mjs';
import { smallManifest } from './support/small-site.mjs';

const LIMIT = { timeout: 300_000 };
const REPORTS = '/csp-reports';

/**
 * A page under a policy that allows nothing docsift does not ask for, and which reports every violation.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} where
 * @param {RegExp[]} [expected]
 */
async function openStrict(t, where, expected = []) {
  /** @type {string[]} */
  const reports = [];
  const answers = {
    '/hostile.json': hostileDocuments(),
    '/corpus/zulip-help.json': hostileDocuments(),
    '/models/manifest.json': JSON.stringify(await smallManifest((role) => `../golden${FILES[role]}`)),
  };
  const site = await startSite(t, {
    policy: `${STRICT_POLICY.replace("img-src 'self'", "img-src 'self' data:")}; base-uri 'none'; form-action 'self'; report-uri ${REPORTS}`,
    folders: {
      '/pages/': path.join(ROOT, 'tests', 'browser', 'pages'),
      '/golden/': path.join(ROOT, 'tests', 'golden'),
    },
    intercept: async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      if (pathname === REPORTS) {
        reports.push(Buffer.concat(await request.toArray()).toString());
        response.writeHead(204).end();
      } else if (pathname in answers)
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(answers[pathname]);
      else return false;
      return true;
    },
  });
  const { page, context } = await openBrowser(t, { origin: site.url, expected });
  page.setDefaultTimeout(120_000);
  await page.addInitScript(() => {
    window.inherited = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
    window.blocked = [];
    document.addEventListener('securitypolicyviolation', (event) => blocked.push(event.violatedDirective));
  });
  await page.goto(new URL(where, site.url).href);
  /** Fails where anything was run, was blocked, or has changed what objects inherit. */
  const checkHarmless = async () => {
    assert.deepEqual(
      await page.evaluate(() => ({
        run: 'pwned' in window,
        blocked,
        polluted: JSON.stringify(Object.getOwnPropertyNames(Object.prototype)) !== inherited,
        inherits: [{}.own, {}.c, Object.getPrototypeOf({}) === Object.prototype],
      })),
      { run: false, blocked: [], polluted: false, inherits: [undefined, undefined, true] },
    );
    assert.deepEqual(reports, []);
    assert.equal(context.pages().length, 1, 'no window was opened');
    assert.equal(new URL(page.url()).origin, new URL(site.url).origin);
  };
  return { page, reports, checkHarmless };
}

const FILES = {
  embedder: SMALL_EMBEDDER.slice('/golden'.length),
  reranker: SMALL_RERANKER.slice('/golden'.length),
};

test('the counter of violations counts', LIMIT, async (t) => {
  const { page, reports } = await openStrict(t, '/pages/blank.html', [
    /Content Security Policy/,
    /^request to/,
  ]);
  await page.evaluate(() => {
    document.body.append(Object.assign(new Image(), { src: 'https://elsewhere.example/x.png' }));
    document.body.insertAdjacentHTML('beforeend', '<b onclick="pwned=1">x</b>');
  });
  while (reports.length < 2) await page.waitForTimeout(50);
  assert.ok((await page.evaluate(() => blocked)).includes('img-src'));
});

test('through the API', LIMIT, async (t) => {
  const { page, checkHarmless } = await openStrict(t, '/pages/blank.html');
  await importPackage(page);
  await page.evaluate(async (json) => {
    window.documents = JSON.parse(json);
    window.search = await docsift.createSearch({ workers: 1 });
    window.added = await outcome(search.add(documents));
  }, hostileDocuments());
  assert.equal(await page.evaluate(() => added.error), undefined);

  await t.test('documents come back as they were', async () => {
    const { missing, ids } = await page.evaluate(async () => {
      const { hits } = await search.query('hostile', { limit: 50 });
      // Half a surrogate pair is no character; UTF-8 has none.
      const text = (value) => JSON.stringify(value).toWellFormed?.() ?? JSON.stringify(value);
      const plain = (document) => Object.entries(document).sort().map(text).join();
      const found = new Set(
        hits.map(({ document }) => plain(document).replaceAll(/\\ud[89a-f]../gi, '\uFFFD')),
      );
      const all = documents.map((document) => plain(document).replaceAll(/\\ud[89a-f]../gi, '\uFFFD'));
      return { missing: all.filter((each) => !found.has(each)), ids: hits.map(({ id }) => id) };
    });
    assert.deepEqual(missing, []);
    for (const name of INHERITED) assert.ok(ids.includes(name), name);
    await checkHarmless();
  });

  for (const [name, text] of Object.entries(PAYLOADS)) {
    await t.test(`the query "${name}" is answered`, async () => {
      const { stage, marked } = await page.evaluate(async (text) => {
        const { hits, stage } = await search.query(text, { trace: true, typing: true, limit: 50 });
        const inOrder = ({ text, highlights }) =>
          highlights.every(
            ([from, to], i) => (highlights[i - 1]?.[1] ?? 0) <= from && from < to && to <= text.length,
          );
        return { stage, marked: hits.every(({ excerpt }) => inOrder(excerpt)) };
      }, text);
      assert.deepEqual({ stage, marked }, { stage: 'reranked', marked: true });
      await checkHarmless();
    });
  }

  await t.test('names that every object inherits are names like others', async () => {
    const found = await page.evaluate(async (names) => {
      const ids = async (options) => (await search.query('hostile', { limit: 50, ...options })).hits.length;
      const all = await ids({});
      const own = (field, value) => JSON.parse(`{ ${JSON.stringify(field)}: ${JSON.stringify(value)} }`);
      const { facets } = await search.query('hostile', { facets: [...names, 'section'] });
      return {
        all: all === documents.length,
        fulfilled: [
          await ids({ where: own('__proto__', 'own') }),
          await ids({ where: own('constructor', 'c') }),
        ],
        unfulfilled: [
          await ids({ where: own('__proto__', 'x') }),
          await ids({ where: own('toString', 'x') }),
        ],
        boosted: await ids({ boost: own('constructor', own('__proto__', 0.1)) }),
        facets: Object.entries(facets).map(([field, counts]) => [field, Object.entries(counts).length]),
        standing: await Promise.all(
          names.map(async (id) => (await search.explain('hostile', id, { limit: 50 })).verdict),
        ),
        removed: await search.remove(['__proto__', 'isPrototypeOf']),
      };
    }, INHERITED);
    const count = Object.keys(PAYLOADS).length;
    assert.deepEqual(
      { ...found, facets: undefined },
      {
        ...{ all: true, fulfilled: [count, count], unfulfilled: [0, 0], boosted: count, facets: undefined },
        ...{ standing: INHERITED.map(() => 'found'), removed: 1 },
      },
    );
    assert.deepEqual(Object.fromEntries(found.facets), {
      ...Object.fromEntries(INHERITED.map((name) => [name, 0])),
      ...{ constructor: 1, section: count },
      ...JSON.parse('{ "__proto__": 1 }'),
    });
    await checkHarmless();
  });

  await t.test('what is no text is refused', async () => {
    const codes = await page.evaluate(async () => {
      const code = async (promise) => (await outcome(promise)).error?.code;
      const toxic = {
        toString: () => 'hostile',
        get body() {
          throw new Error('read');
        },
      };
      return [
        await code(search.query({ toString: () => 'hostile' })),
        await code(search.add([{ id: { __proto__: 'x' }, title: 'a', body: 'b' }])),
        await code(search.add([null])),
        await code(search.add([{ id: 'toxic', title: toxic, body: 'b' }])),
      ];
    });
    assert.deepEqual(codes, Array(4).fill('invalid_input'));
    await checkHarmless();
  });

  await t.test('a question of 10 MB is answered, and so is any after it', async (t) => {
    const found = await page.evaluate(async () => {
      const long = 'hostile word '.repeat(800_000);
      const one = 'x'.repeat(10_000_000);
      const asked = [];
      for (const text of [long, one])
        asked.push(await outcome(search.query(text).then(({ stage }) => stage)));
      const after = await search.query('hostile');
      return { asked, after: after.stage };
    });
    t.diagnostic(JSON.stringify(found));
    assert.deepEqual(found, { asked: [{ value: 'reranked' }, { value: 'reranked' }], after: 'reranked' });
    await checkHarmless();
  });
});

/** What the results may be made of. */
const inertMarkup = (root) => ({
  foreign: [
    ...root.querySelectorAll('script, img, iframe, object, embed, base, link, style, form form, meta'),
  ].map((element) => element.outerHTML),
  handlers: [...root.querySelectorAll('*')].flatMap(({ attributes }) =>
    [...attributes].map(({ name }) => name).filter((name) => /^on|^style$|^srcdoc$/.test(name)),
  ),
  links: [...root.querySelectorAll('[href]')].map((link) => link.getAttribute('href')),
});

/** @param {string[]} links as the page has them, absolute or relative */
function checkLinks(links) {
  const allowed = ALLOWED.map((address) => new URL(address, 'http://localhost').href.split('#')[0]);
  for (const link of links) {
    const { href } = new URL(link, 'http://localhost');
    const plain = href.replace(/^(http:\/\/localhost):\d+/, '$1').split('#')[0];
    assert.ok(allowed.includes(plain), `a link to ${link}`);
  }
  assert.equal(new Set(links.map((link) => link.split('#')[0])).size, allowed.length, String(links));
}

test('through the element', LIMIT, async (t) => {
  const { page, checkHarmless } = await openStrict(
    t,
    '/pages/element.html?real&index=/hostile.json&limit=20',
  );
  const element = page.locator('docsift-search');
  await page.evaluate(() => window.element.open());
  const type = async (text) => {
    await element.getByRole('combobox').fill(text);
    await element.locator('.root[data-state="results"]:not([data-improving])').waitFor({ state: 'attached' });
  };
  await type('hostile');
  const found = await page.evaluate(
    `(${inertMarkup})(document.querySelector('docsift-search').shadowRoot.querySelector('[role=listbox]'))`,
  );
  assert.deepEqual({ foreign: found.foreign, handlers: found.handlers }, { foreign: [], handlers: [] });
  checkLinks(found.links);
  const titles = await element.locator('.hit > .option:first-child .title').allTextContents();
  assert.equal(titles.length, Object.keys(PAYLOADS).length);
  assert.ok(
    titles.some((title) => title.includes('<script>pwned=1</script>')),
    'markup is shown as text',
  );

  for (const unlinked of await element.locator('.hit > .option:first-child:not([href])').all()) {
    await unlinked.click();
    await checkHarmless();
    await page.evaluate(() => window.element.open());
    await type('hostile');
  }
  for (const text of Object.values(PAYLOADS)) {
    await element.getByRole('combobox').fill(`hostile ${text}`);
    await element.locator('.root:not([data-improving])').waitFor({ state: 'attached' });
  }
  await checkHarmless();
});

test('through the demo page', LIMIT, async (t) => {
  const query = `hostile ${PAYLOADS.markup}`;
  const { page, checkHarmless } = await openStrict(t, `/?q=${encodeURIComponent(query)}`);
  await demoReady(page);
  for (const text of [query, 'hostile', ...Object.values(PAYLOADS).map((text) => `hostile ${text}`)]) {
    await page.getByRole('searchbox').fill(text);
    await page.getByRole('searchbox').press('Enter');
    await page.locator('#outcome[data-final="true"]').waitFor();
  }
  await page.locator('#trace summary').click();
  const found = await page.evaluate(`(${inertMarkup})(document.querySelector('#outcome'))`);
  assert.deepEqual({ foreign: found.foreign, handlers: found.handlers }, { foreign: [], handlers: [] });
  assert.ok((await page.locator('#hits > li').count()) > 0);
  const allowed = /^(http:\/\/localhost:\d+\/help\/fine|https:\/\/help\.example\/fine)/;
  for (const link of found.links) assert.match(link, allowed);
  await checkHarmless();
});
