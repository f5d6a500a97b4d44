/** What axe-core finds in the element: nothing, in either mode, in light and dark, in every state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAccessibility, openElement } from './support/element.mjs';

/** How each state comes about. */
const STATES = {
  closed: async () => {},
  start: async ({ page, shows }) => {
    await page.evaluate(() => element.open());
    await shows('start');
  },
  recent: async ({ page, options }) => {
    await page.evaluate(() => {
      localStorage.setItem('docsift-recent', '["mute a topic", "export"]');
      element.setAttribute('recent', '5');
    });
    await page.waitForFunction(() => element.shadowRoot.querySelector('[role="option"]'));
    await page.evaluate(() => element.open());
    await options.first().waitFor();
  },
  waiting: async ({ page, type, shows }) => {
    await page.evaluate(() => {
      element.search = () => new Promise(() => {});
    });
    await page.waitForFunction(() => element.shadowRoot.querySelector('input'));
    await type('topic');
    await shows('waiting');
  },
  improving: async ({ page, type, options, element, input }) => {
    await page.evaluate(() => {
      fake.held = true;
    });
    await type('t');
    await page.waitForFunction(() => fake.calls.length === 1);
    await page.evaluate(() => fake.next());
    await options.first().waitFor();
    await input.press('ArrowDown');
    await element.locator('.root[data-improving]').waitFor({ state: 'attached' });
  },
  results: async ({ page, type, input, active }) => {
    await type('topic');
    await page.waitForFunction(() => fake.calls.at(-1)?.stages.at(-1) === 'reranked');
    await input.press('ArrowDown');
    assert.ok(await active());
  },
  none: async ({ type, shows }) => {
    await type('zzz');
    await shows('none');
  },
  unanswered: async ({ page, type, shows }) => {
    await page.evaluate(() => {
      fake.score = 0;
      element.setAttribute('min-score', '0.5');
    });
    await page.waitForFunction(() => element.shadowRoot.querySelector('input'));
    await type('topic');
    await shows('unanswered');
  },
  error: async ({ page, type, shows }) => {
    await page.evaluate(() => {
      fake.error = new Error('stopped by the test');
    });
    await type('topic');
    await shows('error');
  },
};

for (const mode of ['modal', 'inline']) {
  for (const theme of ['light', 'dark']) {
    test(`axe finds nothing: ${mode}, ${theme}`, async (t) => {
      const opened = await openElement(t, { context: { reducedMotion: 'reduce' } });
      for (const [state, reach] of Object.entries(STATES)) {
        await t.test(state, async () => {
          await opened.visit({ mode, 'page-theme': theme });
          await reach(opened);
          await checkAccessibility(opened.page, `${mode}, ${theme}, ${state}`);
        });
      }
    });
  }
}

test('axe finds nothing from right to left, in forced colours, and on a phone', async (t) => {
  const opened = await openElement(t, { context: { reducedMotion: 'reduce' } });
  await t.test('from right to left', async () => {
    await opened.visit({ 'page-lang': 'ar' });
    await STATES.results(opened);
    await checkAccessibility(opened.page, 'from right to left');
  });
  await t.test('in forced colours', async () => {
    await opened.page.emulateMedia({ forcedColors: 'active' });
    await opened.visit();
    await STATES.results(opened);
    const outline = await opened.options.first().evaluate((option) => getComputedStyle(option).outlineStyle);
    assert.equal(outline, 'solid', 'the chosen option is told from the others without its background');
    await checkAccessibility(opened.page, 'in forced colours');
    await opened.page.emulateMedia({ forcedColors: 'none' });
  });
  await t.test('on a phone', async () => {
    await opened.page.setViewportSize({ width: 390, height: 780 });
    await opened.visit();
    await STATES.results(opened);
    await checkAccessibility(opened.page, 'on a phone');
  });
});

test('motion is left out where the visitor wants none', async (t) => {
  const { page, visit, type, options } = await openElement(t, { context: { reducedMotion: 'reduce' } });
  await visit();
  await page.evaluate(() => {
    fake.held = true;
  });
  await type('t');
  await page.waitForFunction(() => fake.calls.length === 1);
  await page.evaluate(() => fake.next());
  await options.first().waitFor();
  const running = await page.evaluate(async () => {
    fake.held = false;
    fake.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    fake.next();
    return element.shadowRoot.getAnimations().length;
  });
  assert.equal(running, 0);
});
