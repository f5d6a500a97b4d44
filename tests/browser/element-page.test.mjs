/** `<docsift-search>` beside its results: what it tells, its two forms, and how it fits into a page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openElement } from './support/element.mjs';

test('what there is to see besides results', async (t) => {
  const { page, visit, input, options, element, type, shows, said, events, calls } = await openElement(t);

  await t.test('nothing found, counted and said', async () => {
    await visit();
    await type('topic');
    await said('6 results');
    assert.equal(await element.locator('.status').textContent(), '6 results');
    await type('zzz <b>');
    await shows('none');
    await said('No results for “zzz <b>”');
    await element.getByText('Try fewer words').waitFor();
    assert.equal(await input.getAttribute('aria-expanded'), 'false');
    await element.getByRole('button', { name: 'Clear' }).click();
    await shows('start');
  });

  await t.test('nothing likely enough: the words’ hits stay until the last stage says so', async () => {
    await visit({ 'min-score': '0.3' });
    await page.evaluate(() => {
      fake.score = 0.2;
      fake.held = true;
    });
    const letOut = (/** @type {string} */ stage) =>
      page.evaluate(async (stage) => {
        while (fake.calls[0]?.stages.at(-1) !== stage) {
          fake.next();
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }, stage);
    await type('t');
    await letOut('lexical');
    await options.first().waitFor();
    await letOut('hybrid');
    await shows('results');
    assert.equal(await element.locator('.hit').count(), 6);
    await letOut('reranked');
    await shows('unanswered');
    assert.equal((await calls())[0].options.minScore, 0.3);
    assert.equal(await options.count(), 0);
    await element.locator('.message').getByText('Nothing here answers “t”').waitFor();
    await element.getByText('Try fewer words').waitFor();
    await said('Nothing here answers “t”');
    assert.equal(await input.getAttribute('aria-expanded'), 'false');
    assert.equal(await element.locator('.status').textContent(), '');

    await page.evaluate(() => {
      fake.held = false;
    });
    await type('zzz');
    await shows('none');
    await page.evaluate(() => {
      fake.score = 0.3;
    });
    await type('topic');
    await options.first().waitFor();
    await said('6 results');
    await page.evaluate(() => {
      fake.score = 0;
      element.removeAttribute('min-score');
    });
    await page.waitForFunction(() => element.shadowRoot.querySelector('input').value === '');
    await type('topic');
    await page.waitForFunction(() => fake.calls.at(-1)?.stages.at(-1) === 'reranked');
    await shows('results');
  });

  await t.test('a failure is told once and can be tried again', async () => {
    await visit();
    await page.evaluate(() => {
      fake.error = Object.assign(new Error('the worker stopped'), {
        name: 'DocsiftError',
        code: 'worker_crashed',
      });
    });
    await type('topic');
    await shows('error');
    await element.getByText('The search is not available.').first().waitFor();
    await page.evaluate(() => {
      fake.error = undefined;
    });
    await element.getByRole('button', { name: 'Try again' }).click();
    await options.first().waitFor();
    const errors = (await events()).filter(({ type }) => type === 'error');
    assert.equal(errors[0].code, 'worker_crashed');
    assert.equal(new Set(errors.map(({ code }) => code)).size, 1);
  });

  await t.test('a search that cannot be started says why, and starts when tried again', async () => {
    await visit();
    await page.evaluate(() => {
      let tried = 0;
      element.search = async () => {
        tried += 1;
        if (tried === 1)
          throw Object.assign(new Error('no connection'), { name: 'DocsiftError', code: 'download_failed' });
        return fake;
      };
    });
    await type('topic');
    await shows('error');
    await element.getByText('no connection').waitFor();
    assert.equal(
      (await events()).filter(({ type }) => type === 'error').length,
      1,
      'told once, not at every letter',
    );
    await element.getByRole('button', { name: 'Try again' }).click();
    await options.first().waitFor();
  });

  await t.test('attributes that cannot be used are told when it is opened', async () => {
    await visit({ limit: 'many' });
    await page.keyboard.press('/');
    await shows('error');
    await element.getByText('limit: expected an integer from 1 to 50, found "many"').waitFor();
    await page.evaluate(() => element.setAttribute('limit', '2'));
    await page.keyboard.press('/');
    await type('topic');
    await page.waitForFunction(() => fake.calls.at(-1)?.options.limit === 2);
  });

  await t.test('a missing model is told, and the results are shown', async () => {
    await visit();
    await page.evaluate(() => {
      fake.reason = new Error('integrity');
    });
    await type('topic');
    await element.getByText('part of the search could not be loaded').waitFor();
    assert.ok((await options.count()) > 0);
  });

  await t.test('recent searches: kept only where asked for, chosen, removed', async () => {
    const stored = () => page.evaluate(() => localStorage.getItem('docsift-recent'));
    const search = async (text) => {
      await type(text);
      await options.first().waitFor();
      await options.first().click();
    };
    await visit();
    await page.evaluate(() => element.addEventListener('docsift:select', (event) => event.preventDefault()));
    await search('topic');
    assert.equal(await stored(), null);

    await visit({ recent: '3' });
    await page.evaluate(() => element.addEventListener('docsift:select', (event) => event.preventDefault()));
    for (const text of ['one', 'two', 'three', 'four']) await search(text);
    assert.deepEqual(JSON.parse(await stored()), ['four', 'three', 'two']);
    await type('');
    assert.deepEqual(await options.allTextContents(), ['four', 'three', 'two']);
    await input.press('ArrowDown');
    await input.press('Delete');
    assert.deepEqual(await options.allTextContents(), ['three', 'two']);
    await options.last().locator('.remove').click();
    assert.deepEqual(await options.allTextContents(), ['three']);
    await options.first().click();
    assert.equal(await input.inputValue(), 'three');
    await page.waitForFunction(() => fake.calls.at(-1).text === 'three');
    assert.equal((await calls()).at(-1).options.typing, false);
    await input.fill('');
    await element.getByRole('button', { name: 'Clear recent searches' }).click();
    assert.equal(await options.count(), 0);
    assert.equal(await stored(), null);
  });
});

test('as a field in the page', async (t) => {
  const { page, visit, input, options, element, type, events, active } = await openElement(t);
  const panel = element.locator('[part="panel"]');

  await t.test(
    'the panel opens with what is typed and closes by Escape or when the focus leaves',
    async () => {
      await visit({ mode: 'inline' });
      await input.focus();
      assert.ok(!(await panel.isVisible()), 'there is nothing to choose from yet');
      assert.equal(await input.getAttribute('aria-expanded'), 'false');
      await type('topic');
      await panel.waitFor();
      assert.equal(await input.getAttribute('aria-expanded'), 'true');
      await input.press('ArrowDown');
      await input.press('Escape');
      assert.ok(!(await panel.isVisible()));
      assert.equal(await input.getAttribute('aria-expanded'), 'false');
      assert.equal(await active(), null);
      assert.equal(await input.inputValue(), 'topic');
      await input.press('Escape');
      assert.equal(await input.inputValue(), '');
      await type('topic');
      await panel.waitFor();
      await page.getByLabel('Your name').click();
      await panel.waitFor({ state: 'hidden' });
      assert.deepEqual(
        (await events()).map(({ type }) => type),
        ['open', 'close', 'open', 'close'],
      );
    },
  );

  await t.test('/ goes to the field, a click on a result leads to it', async () => {
    await visit({ mode: 'inline' });
    await page.keyboard.press('/');
    await page.keyboard.type('topic');
    await options.first().waitFor();
    await page.waitForFunction(() => fake.calls.at(-1)?.stages.at(-1) === 'reranked');
    await Promise.all([page.waitForURL('**/help/notifications#*'), options.first().click()]);
  });
});

test('in the page', async (t) => {
  const { page, visit, trigger, element, input, shows, events, violations } = await openElement(t);

  await t.test('speaks the language of the page, in its direction, or as it is told', async () => {
    await visit({ 'page-lang': 'de' });
    await trigger.getByText('Suchen').waitFor();
    await visit({ 'page-lang': 'ar' });
    await trigger.getByText('بحث').waitFor();
    assert.equal(await trigger.evaluate((button) => getComputedStyle(button).direction), 'rtl');
    await visit({
      'page-lang': 'de',
      lang: 'fr',
      strings: '{"search":"Questions ?"}',
      placeholder: 'Demandez',
    });
    await trigger.getByText('Questions ?').waitFor();
    await trigger.click();
    assert.equal(await input.getAttribute('placeholder'), 'Demandez');
    await element.getByText('naviguer').waitFor();
  });

  await t.test('takes the page’s colour scheme unless it has one of its own', async () => {
    const background = () =>
      element.locator('[part="dialog"]').evaluate((dialog) => getComputedStyle(dialog).backgroundColor);
    const [light, dark] = ['rgb(255, 255, 255)', 'rgb(23, 25, 30)'];
    await visit();
    await trigger.click();
    assert.equal(await background(), light);
    await page.evaluate(() => {
      document.documentElement.dataset.theme = 'dark';
    });
    assert.equal(await background(), dark);
    await page.evaluate(() => element.setAttribute('theme', 'light'));
    assert.equal(await background(), light);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.evaluate(() => element.setAttribute('theme', 'system'));
    assert.equal(await background(), dark);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.evaluate(() => element.style.setProperty('--docsift-background', 'rgb(1, 2, 3)'));
    assert.equal(await background(), 'rgb(1, 2, 3)');
  });

  await t.test('holds the page still while the dialog is open, and lets it go', async () => {
    await visit();
    await page.evaluate(() => scrollTo(0, 100));
    const x = () =>
      page
        .getByRole('heading', { name: 'Topics', includeHidden: true })
        .evaluate((h) => h.getBoundingClientRect().x);
    const before = await x();
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).overflowY), 'hidden');
    assert.equal(await x(), before);
    await page.mouse.click(5, 5);
    assert.ok(!(await page.evaluate(() => element.isOpen)), 'a click beside it closes it');
    assert.equal(await page.evaluate(() => document.documentElement.getAttribute('style') ?? ''), '');
    await page.keyboard.press('/');
    await page.evaluate(() => element.remove());
    assert.equal(await page.evaluate(() => document.documentElement.getAttribute('style') ?? ''), '');
  });

  await t.test('a dialog that is opened again at once answers, and still holds the page', async () => {
    const ask = {
      again: () => {
        element.open();
        element.close();
        element.open('mute a topic');
      },
      'built anew': async () => {
        element.open();
        element.setAttribute('limit', '3');
        await Promise.resolve();
        element.open('mute a topic');
      },
    };
    for (const [name, action] of Object.entries(ask)) {
      await visit();
      await page.evaluate(action);
      await page.waitForFunction(() => fake.calls.at(-1)?.stages.at(-1) === 'reranked');
      await shows('results');
      assert.equal(await page.evaluate(() => document.documentElement.style.overflow), 'hidden', name);
      await page.evaluate(() => element.close());
      assert.equal(await page.evaluate(() => document.documentElement.style.overflow), '', name);
      assert.deepEqual(
        (await events()).map(({ type }) => type),
        ['open', 'close', 'open', 'close'],
        name,
      );
    }
  });

  await t.test('loads nothing but itself until somebody searches, within a strict policy', async () => {
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await visit({ real: '' });
    await page.waitForLoadState('networkidle');
    assert.deepEqual(
      asked.filter((path) => !path.startsWith('/pages/')),
      ['/dist/element.js'],
    );
    assert.deepEqual(await violations(), []);
  });

  for (const width of [320, 390, 768]) {
    await t.test(`fits into ${width} pixels`, async () => {
      await page.setViewportSize({ width, height: 640 });
      for (const mode of ['modal', 'inline']) {
        await visit({ mode });
        await page.evaluate(() => element.open('mute a topic'));
        await element.getByRole('option').first().waitFor();
        const overflow = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          const list = element.shadowRoot.querySelector('.list');
          return [scrollWidth - clientWidth, list.scrollWidth - list.clientWidth];
        });
        assert.deepEqual(overflow, [0, 0], mode);
      }
    });
  }
});
