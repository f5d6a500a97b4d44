/**
 * Takes the pictures of the element in docs/images/: `node tests/browser/support/element-images.mjs`, after a build. They
 * show the page of the tests, with its fake search.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../../../scripts/steps.mjs';
import { openElement } from './element.mjs';

const FOLDER = path.join(ROOT, 'docs', 'images');
const WIDE = { width: 960, height: 600 };

/** Attributes, window, what is typed, and keys pressed afterwards. */
const PICTURES = {
  modal: { attributes: {}, keys: ['ArrowDown'] },
  dark: { attributes: { 'page-theme': 'dark' }, keys: ['ArrowDown', 'ArrowDown'] },
  inline: { attributes: { mode: 'inline' } },
  rtl: { attributes: { 'page-lang': 'ar' }, text: 'كتم موضوع', keys: ['ArrowDown'] },
  mobile: { attributes: {}, size: { width: 390, height: 700 } },
  error: {
    attributes: {},
    error: 'https://help.example/docsift/index.json could not be fetched: Failed to fetch',
  },
};

/** Stands for a test: what is opened is closed at the end. */
const endings = [];
const context = { after: (work) => endings.push(work) };

await mkdir(FOLDER, { recursive: true });
try {
  const { page, visit, type, input, shows } = await openElement(context, {
    context: { reducedMotion: 'reduce' },
  });
  for (const [name, { attributes, size = WIDE, text = 'mute a topic', keys = [], error }] of Object.entries(
    PICTURES,
  )) {
    await page.setViewportSize(size);
    await visit(attributes);
    if (error) {
      await page.evaluate((message) => {
        fake.error = new Error(message);
      }, error);
    }
    await type(text);
    await shows(error ? 'error' : 'results');
    if (!error) await page.waitForFunction(() => fake.calls.at(-1)?.stages.at(-1) === 'reranked');
    for (const key of keys) await input.press(key);
    await page.waitForTimeout(300);
    const file = path.join(FOLDER, `widget-${name}.png`);
    await page.screenshot({ path: file });
    console.log(path.relative(ROOT, file));
  }
} finally {
  for (const end of endings) await end();
}
