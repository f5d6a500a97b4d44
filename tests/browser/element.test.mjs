/** `<docsift-search>` with a search whose stages the test lets out: what is typed, pressed and pointed at. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openElement } from './support/element.mjs';

const QUESTION = 'mute a topic';
const LEXICAL = ['Mute a topic', 'Mute a channel', 'Stop notifications about one conversation'];
const RERANKED = ['Stop notifications about one conversation', 'Mute a topic', 'Resolve a topic'];

/** Types a question, and lets the first stage out. */
async function firstStage({ page, type, options }, text = QUESTION) {
  await page.evaluate(() => {
    fake.held = true;
  });
  await type(text);
  // One question for each letter: each of them waits for its first stage.
  await page.evaluate((letters) => {
    for (let i = 0; i < letters; i += 1) fake.next();
  }, text.length);
  await options.first().waitFor();
}

/** Lets out what is left, and waits for its count. */
async function laterStages({ page, element }) {
  await page.evaluate(async () => {
    fake.held = false;
    for (let i = 0; i < 100; i += 1) {
      fake.next();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  await element.locator('.root:not([data-improving])').waitFor({ state: 'attached' });
}

test('hotkeys', async (t) => {
  const { page, visit, input, trigger, element, events } = await openElement(t);
  const open = () => element.evaluate(({ isOpen }) => isOpen);

  await t.test('/ and Ctrl-K open the dialog, Escape closes it and gives the focus back', async () => {
    await visit();
    for (const key of ['/', 'Control+k']) {
      await trigger.focus();
      await page.keyboard.press(key);
      assert.ok(await open(), key);
      assert.equal(await input.inputValue(), '', 'the key itself is not typed');
      assert.ok(await input.evaluate((field) => field.getRootNode().activeElement === field));
      await page.keyboard.press('Escape');
      assert.ok(!(await open()));
      assert.ok(await trigger.evaluate((button) => button.getRootNode().activeElement === button));
    }
    await page.waitForFunction(() => events.length === 4);
    assert.deepEqual(
      (await events()).map(({ type }) => type),
      ['open', 'close', 'open', 'close'],
    );
  });

  await t.test('/ is typed where text goes; Ctrl-K opens from there', async () => {
    await visit();
    for (const [label, typed] of [
      ['Your name', 'a/b'],
      ['A note', 'c/d'],
    ]) {
      const field = page.getByLabel(label);
      await field.pressSequentially(typed);
      assert.equal(await field.inputValue(), typed);
    }
    assert.ok(!(await open()));
    await page.keyboard.press('Control+k');
    assert.ok(await open());
    await input.pressSequentially('and/or');
    assert.equal(await input.inputValue(), 'and/or');
    await page.keyboard.press('Control+k');
    assert.ok(!(await open()), 'the same keys close it');
  });

  await t.test('an editor of the page keeps its Ctrl-K', async () => {
    await visit();
    await page.evaluate(() => {
      const editor = document.createElement('div');
      editor.contentEditable = 'true';
      document.body.append(editor);
      editor.focus();
    });
    await page.keyboard.press('Control+k');
    await page.keyboard.press('/');
    assert.ok(!(await open()));
  });

  await t.test('others can be chosen, or none', async () => {
    await visit({ hotkeys: 'alt+s' });
    await page.keyboard.press('/');
    await page.keyboard.press('Control+k');
    assert.ok(!(await open()));
    await page.keyboard.press('Alt+s');
    assert.ok(await open());
    assert.equal(await trigger.getAttribute('aria-keyshortcuts'), 'Alt+S');
    await visit({ hotkeys: 'none' });
    await page.keyboard.press('/');
    assert.ok(!(await open()));
  });
});

test('answers improve in place', async (t) => {
  const opened = await openElement(t);
  const { page, visit, titles, active, options, input, calls, type, element } = opened;
  const firstTitles = async () => (await titles()).slice(0, 3);

  await t.test('the first stage is shown at once, later ones take its place', async () => {
    await visit();
    await firstStage(opened);
    assert.deepEqual(await firstTitles(), LEXICAL);
    await laterStages(opened);
    assert.deepEqual(await firstTitles(), RERANKED);
    const asked = await calls();
    assert.deepEqual(
      asked.map(({ text }) => text),
      Array.from(QUESTION, (_, i) => QUESTION.slice(0, i + 1).trim()),
      'every letter is a question',
    );
    assert.ok(
      asked.slice(0, -1).every(({ aborted }) => aborted),
      'a newer question ends the older',
    );
    assert.ok(asked.slice(0, -1).every(({ stages }) => !stages.includes('reranked')));
    assert.deepEqual(asked.at(-1).options, { limit: 8, typing: true, rerank: { budgetMs: 1500 } });
  });

  await t.test('an item chosen by key stays in its place, and so does all above it', async () => {
    await visit();
    await firstStage(opened);
    await input.press('ArrowDown');
    await options.getByText('Mute a channel').waitFor();
    for (let i = 0; i < 3; i += 1) await input.press('ArrowDown');
    assert.equal(await active(), 'Mute a channel');
    const before = await boxOf(options, 'Mute a channel');
    await laterStages(opened);
    assert.equal(await active(), 'Mute a channel');
    assert.deepEqual(await boxOf(options, 'Mute a channel'), before);
    assert.deepEqual((await firstTitles()).slice(0, 2), LEXICAL.slice(0, 2));
    assert.deepEqual(
      (await titles()).slice(2),
      [RERANKED[0], RERANKED[2], 'Move a topic to another channel', 'Notifications on a phone'],
      'below it, the better order',
    );
    await input.press('Home');
    await input.press('ArrowUp');
    assert.equal(await active(), null);
    assert.deepEqual(await firstTitles(), RERANKED, 'the better order comes when nothing is chosen');
  });

  await t.test(
    'an item under a pointer that moves stays; one under a pointer at rest does not hold',
    async () => {
      await visit();
      await firstStage(opened);
      const channel = options.filter({ hasText: 'Mute a channel' });
      const { x, y } = await channel.boundingBox();
      await page.mouse.move(x + 40, y + 10);
      await page.mouse.move(x + 42, y + 12);
      assert.equal(await active(), 'Mute a channel');
      const before = await boxOf(options, 'Mute a channel');
      await laterStages(opened);
      assert.deepEqual(await boxOf(options, 'Mute a channel'), before);
      await page.mouse.move(x + 40, 2);
      assert.deepEqual(await firstTitles(), RERANKED, 'the better order comes when the pointer leaves');

      await page.mouse.move(x + 40, y + 10);
      await input.fill('');
      await firstStage(opened, 'mute');
      assert.equal(await active(), null);
      await laterStages(opened);
      assert.deepEqual(await firstTitles(), RERANKED);
    },
  );

  await t.test('what is pressed is what is opened, whatever arrives between press and release', async () => {
    await visit();
    await page.evaluate(() => element.addEventListener('docsift:select', (event) => event.preventDefault()));
    await firstStage(opened);
    const { x, y } = await options.filter({ hasText: 'Mute a channel' }).boundingBox();
    await page.mouse.move(x + 40, y + 10);
    await page.mouse.down();
    await laterStages(opened);
    await page.mouse.up();
    const { href } = (await opened.events()).find(({ type }) => type === 'select');
    assert.match(href, /\/help\/mute-channel$/);
  });

  await t.test('reranking is not asked for where it cannot be afforded', async () => {
    await page.addInitScript(() => {
      if (location.search.includes('poor')) {
        Object.defineProperty(Navigator.prototype, 'connection', { get: () => ({ saveData: true }) });
      }
    });
    await visit({ poor: '' });
    await type('topic');
    await options.first().waitFor();
    assert.deepEqual((await titles()).slice(0, 3), LEXICAL);
    const last = (await calls()).at(-1);
    assert.equal(last.options.rerank, false);
    await element.locator('.root:not([data-improving])').waitFor({ state: 'attached' });
    assert.deepEqual(last.stages, ['lexical']);
  });
});

test('keys and pointer choose and open', async (t) => {
  const opened = await openElement(t);
  const { page, context, visit, titles, active, options, input, type, events, shows } = opened;
  const all = () => options.locator('.title').allTextContents();

  await t.test(
    'arrows, Home and End go through documents and their headings, and back to the field',
    async () => {
      await visit();
      await type(QUESTION);
      await page.waitForFunction(() => fake.calls.at(-1)?.stages.at(-1) === 'reranked');
      const names = await all();
      assert.ok(names.includes('Follow it again'), 'headings of a document are options of their own');
      const seen = [];
      for (const _ of names) {
        await input.press('ArrowDown');
        seen.push(await active());
      }
      assert.deepEqual(seen, names);
      await input.press('ArrowDown');
      assert.equal(await active(), null);
      await input.press('ArrowUp');
      assert.equal(await active(), names.at(-1));
      await input.press('Home');
      assert.equal(await active(), names[0]);
      await input.press('End');
      assert.equal(await active(), names.at(-1));
      assert.equal(await input.inputValue(), QUESTION);
    },
  );

  await t.test('Home and End move in the text while nothing is chosen', async () => {
    await input.press('Home');
    await visit();
    await type('mute');
    await options.first().waitFor();
    await input.press('Home');
    assert.equal(await active(), null);
    assert.equal(await input.evaluate(({ selectionStart }) => selectionStart), 0);
  });

  await t.test('Enter opens the first, or the one chosen, at its heading', async () => {
    await visit();
    await type(QUESTION);
    await options.first().waitFor();
    await page.waitForFunction(() => fake.calls.at(-1)?.stages.at(-1) === 'reranked');
    await Promise.all([page.waitForURL('**/help/notifications#in-the-desktop-app'), input.press('Enter')]);
    await visit();
    await type(QUESTION);
    await page.waitForFunction(() => fake.calls.at(-1)?.stages.at(-1) === 'reranked');
    const index = (await all()).indexOf('See what is muted');
    for (let i = 0; i <= index; i += 1) await input.press('ArrowDown');
    await Promise.all([page.waitForURL('**/help/mute-topic#see-what-is-muted'), input.press('Enter')]);
  });

  await t.test('Ctrl-Enter opens another tab, and the dialog stays', async () => {
    await visit();
    await type(QUESTION);
    await options.first().waitFor();
    await input.press('ArrowDown');
    const [tab] = await Promise.all([context.waitForEvent('page'), input.press('Control+Enter')]);
    await tab.waitForURL('**/help/**');
    await tab.close();
    assert.equal((await events()).find(({ type }) => type === 'select').newTab, true);
    assert.ok(await page.evaluate(() => element.isOpen));
  });

  await t.test('a page can go there in its own way', async () => {
    await visit();
    await page.evaluate(() => element.addEventListener('docsift:select', (event) => event.preventDefault()));
    await type(QUESTION);
    await options.first().click();
    assert.equal((await events()).filter(({ type }) => type === 'select').length, 1);
    assert.ok(page.url().includes('/pages/element.html'));
    assert.ok(!(await page.evaluate(() => element.isOpen)));
  });

  await t.test('an address that is not of the web is never a link', async () => {
    await visit();
    await page.evaluate(() => {
      fake.urls = { 'mute-topic': 'javascript:violations.push("run")', notifications: 'data:text/html,x' };
    });
    await type(QUESTION);
    await page.waitForFunction(() => fake.calls.at(-1)?.stages.at(-1) === 'reranked');
    const hrefs = await options.evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    assert.ok(hrefs.includes(null));
    assert.ok(
      hrefs.every((href) => href === null || href.startsWith('http://localhost')),
      String(hrefs),
    );
    await options.first().click();
    assert.deepEqual(await page.evaluate(() => violations), []);
    assert.equal((await events()).at(-1).href, undefined);
  });

  await t.test('text of documents is text', async () => {
    await visit();
    await page.evaluate(() => {
      const markup = '<img src=x onerror="violations.push(1)"><b>bold</b>';
      for (const each of Object.values(fake.documents)) {
        Object.assign(each, {
          title: markup,
          section: markup,
          heading: markup,
          text: markup,
          marks: ['bold'],
        });
      }
    });
    await type(QUESTION);
    await options.first().waitFor();
    assert.ok((await titles())[0].startsWith('<img'));
    assert.equal(await options.locator('img, b').count(), 0);
    assert.equal(await options.first().locator('.excerpt mark').textContent(), 'bold');
    await shows('results');
  });
});

/** Where an option is on the screen. */
async function boxOf(options, title) {
  return options
    .filter({ has: options.page().locator('.title').getByText(title, { exact: true }) })
    .first()
    .boundingBox();
}
