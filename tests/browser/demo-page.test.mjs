/** The demo page as it is before any model has arrived: its structure, its keyboard, its layout. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from './harness.mjs';

const open = async (t, options) => {
  const opened = await openPage(t, options);
  await opened.page.locator('#examples button').first().waitFor();
  return opened;
};

test('has a labelled search box, examples and the attribution of its articles', async (t) => {
  const { page } = await open(t);
  await page.getByRole('searchbox', { name: 'Ask a question' }).waitFor();
  assert.ok((await page.locator('#examples button').count()) >= 4);
  const footer = await page.locator('footer').textContent();
  assert.match(footer, /Zulip help center/);
  assert.match(footer, /canarybuilds\/zulip/);
  assert.match(footer, /Apache-2\.0/);
});

test('/ goes to the search box, Escape empties it', async (t) => {
  const { page } = await open(t);
  const box = page.getByRole('searchbox');
  await page.keyboard.press('/');
  assert.ok(await box.evaluate((element) => element === document.activeElement));
  assert.equal(await box.inputValue(), '');
  await page.keyboard.type('a/b');
  assert.equal(await box.inputValue(), 'a/b');
  await page.keyboard.press('Escape');
  assert.equal(await box.inputValue(), '');
  assert.ok(await box.evaluate((element) => element === document.activeElement));
});

test('a question can be linked to', async (t) => {
  const { page } = await open(t, { path: '?q=mute%20a%20topic' });
  assert.equal(await page.getByRole('searchbox').inputValue(), 'mute a topic');
});

for (const width of [320, 360, 1280]) {
  test(`needs no sideways scrolling at ${width} pixels`, async (t) => {
    const { page } = await open(t, { context: { viewport: { width, height: 720 } } });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(overflow, 0);
  });
}

test('is readable in light and dark', async (t) => {
  const { page } = await open(t);
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    const worst = await page.evaluate(worstContrast);
    assert.ok(worst.ratio >= 4.5, `${colorScheme}: ${worst.ratio.toFixed(2)} on "${worst.text}"`);
  }
});

/** Runs in the page: the least contrast ratio (WCAG 2) of any text that is shown against the background behind it. */
function worstContrast() {
  const luminance = (colour) => {
    const [r, g, b] = colour
      .match(/[\d.]+/g)
      .slice(0, 3)
      .map((part) => Number(part) / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backgroundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (!/rgba\(.*, 0\)/.test(backgroundColor)) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  const worst = { ratio: 21, text: '' };
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim(),
    );
    if (!own || !element.checkVisibility()) continue;
    const [light, dark] = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))].sort(
      (a, b) => b - a,
    );
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < worst.ratio) Object.assign(worst, { ratio, text: element.textContent.trim().slice(0, 40) });
  }
  return worst;
}
