/** What the element's attributes and its page's languages mean. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ariaKeyShortcuts,
  belongsToField,
  type Hotkey,
  isApple,
  keyLabels,
  parseHotkeys,
  pressedHotkey,
} from '../src/element/hotkeys.js';
import {
  chooseTag,
  counted,
  fill,
  languageOf,
  loadTranslations,
  TAGS,
} from '../src/element/languages/index.js';
import type { Plural } from '../src/element/languages/strings.js';
import { checkStrings, readSettings } from '../src/element/settings.js';

const read = (attributes: Record<string, string>) => readSettings((name) => attributes[name] ?? null);
const refused = (make: () => unknown, ...words: string[]) =>
  assert.throws(make, (error: { code?: string; message: string }) => {
    assert.equal(error.code, 'invalid_options');
    for (const word of words) assert.ok(error.message.includes(word), `${error.message} names ${word}`);
    return true;
  });

test('without attributes: a dialog on / and Ctrl-K, everything else left to the package', () => {
  const settings = read({});
  assert.equal(settings.mode, 'modal');
  assert.deepEqual(
    settings.hotkeys.map((hotkey) => keyLabels(hotkey, false).join(' ')),
    ['/', 'Ctrl K'],
  );
  assert.deepEqual(settings.engine, {
    index: undefined,
    modelBaseUrl: undefined,
    wasmBaseUrl: undefined,
    workerUrl: undefined,
    stages: 'auto',
    offline: undefined,
  });
  assert.equal(settings.recent, 0, 'nothing is kept unless asked for');
  assert.equal(settings.preload, 'focus');
  assert.equal(settings.minScore, undefined, 'nothing is left out unless asked for');
});

test('attributes are read', () => {
  const settings = read({
    mode: 'inline',
    limit: '3',
    recent: '',
    hotkeys: 'none',
    'rerank-budget': '400',
    'min-score': '0.25',
    offline: '/sw.js',
  });
  assert.equal(settings.mode, 'inline');
  assert.equal(settings.limit, 3);
  assert.equal(settings.recent, 5);
  assert.deepEqual(settings.hotkeys, []);
  assert.equal(settings.rerankBudget, 400);
  assert.equal(settings.minScore, 0.25);
  assert.equal(settings.engine.offline, '/sw.js');
});

test('what cannot be used is named, with what was expected', () => {
  refused(() => read({ mode: 'popup' }), 'mode', 'modal, inline', 'popup');
  refused(() => read({ theme: 'blue' }), 'theme', 'dark');
  refused(() => read({ limit: '0' }), 'limit', 'from 1 to 50', '"0"');
  refused(() => read({ limit: '2.5' }), 'limit');
  refused(() => read({ recent: '-1' }), 'recent');
  refused(() => read({ 'min-score': '30' }), 'min-score', 'from 0 to 1', '"30"');
  refused(() => read({ 'min-score': 'x' }), 'min-score');
  refused(() => read({ hotkeys: 'super+k' }), 'hotkeys', 'super+k');
  refused(() => read({ hotkeys: 'mod+' }), 'hotkeys');
  refused(() => read({ strings: '{' }), 'strings', 'JSON');
  refused(() => read({ strings: '[]' }), 'strings');
  refused(() => read({ strings: '{"serach":"x"}' }), 'serach', 'search');
  refused(() => checkStrings({ search: 1 }), 'strings.search');
  refused(() => checkStrings({ found: { one: 'x' } }), 'strings.found');
});

test('words of the interface can be replaced', () => {
  assert.deepEqual(read({ strings: '{"search":"Ask us"}' }).strings, { search: 'Ask us' });
  assert.deepEqual(checkStrings({ found: '{count} hits' }), { found: { other: '{count} hits' } });
});

const press = (
  key: string,
  held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {},
) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

test('mod is Command on Apple’s systems and Control elsewhere', () => {
  const [hotkey] = parseHotkeys('mod+k') as [Hotkey];
  const pressed = (event: ReturnType<typeof press>, apple: boolean) =>
    pressedHotkey(event, [hotkey], apple) !== undefined;
  assert.ok(pressed(press('k', { metaKey: true }), true));
  assert.ok(!pressed(press('k', { ctrlKey: true }), true));
  assert.ok(pressed(press('K', { ctrlKey: true }), false), 'with caps lock');
  assert.ok(!pressed(press('k', { metaKey: true }), false));
  assert.ok(!pressed(press('k'), false));
  assert.ok(!pressed(press('k', { ctrlKey: true, shiftKey: true }), false), 'Ctrl-Shift-K is the browser’s');
  assert.deepEqual(keyLabels(hotkey, true), ['⌘', 'K']);
  assert.equal(ariaKeyShortcuts(parseHotkeys('/ mod+k'), true), '/ Meta+K');
  assert.equal(ariaKeyShortcuts(parseHotkeys('ctrl+shift+f'), false), 'Control+Shift+F');
  assert.ok(isApple({ platform: 'MacIntel' }));
  assert.ok(!isApple({ platform: 'Linux x86_64', userAgent: 'like Mac' }));
  assert.ok(!isApple(undefined));
});

test('a sign is the key it is, however the keyboard makes it', () => {
  const hotkeys = parseHotkeys('/');
  assert.ok(pressedHotkey(press('/'), hotkeys, false));
  assert.ok(pressedHotkey(press('/', { shiftKey: true }), hotkeys, false), 'Shift-7 on a German keyboard');
  assert.ok(!pressedHotkey(press('/', { ctrlKey: true }), hotkeys, false));
});

test('fields keep the keys that mean something to them', () => {
  const [sign, combination] = parseHotkeys('/ mod+k') as [Hotkey, Hotkey];
  assert.deepEqual(
    [sign, combination].flatMap((hotkey) =>
      (['none', 'input', 'editor'] as const).map((field) => belongsToField(hotkey, field)),
    ),
    [false, true, true, false, false, true],
  );
});

test('a page’s language is found by its tag, its parent, or its script', () => {
  assert.equal(chooseTag(['de-AT']), 'de');
  assert.equal(chooseTag(['pt-BR', 'en']), 'pt');
  assert.equal(chooseTag(['zh-TW']), 'zh-Hant');
  assert.equal(chooseTag(['zh-CN']), 'zh');
  assert.equal(chooseTag(['xx', '', null, undefined, 'not a tag', 'fr']), 'fr');
  assert.equal(chooseTag(['sw']), 'en');
});

test('every language has every text, with its places to fill in', async () => {
  const english = languageOf('en')?.strings;
  assert.ok(english);
  assert.equal(languageOf('de'), undefined, 'translations are not loaded with the element');
  await loadTranslations();
  assert.ok(TAGS.length >= 10);
  for (const tag of TAGS) {
    const language = languageOf(tag);
    assert.ok(language, tag);
    assert.equal(language.direction, ['ar', 'he'].includes(tag) ? 'rtl' : 'ltr', tag);
    const { found, ...texts } = language.strings;
    assert.deepEqual(Object.keys(language.strings).sort(), Object.keys(english).sort(), tag);
    for (const [name, text] of Object.entries(texts)) {
      assert.ok(typeof text === 'string' && text.trim() !== '', `${tag} ${name}`);
      assert.equal(text.includes('{query}'), ['none', 'unanswered'].includes(name), `${tag} ${name}`);
    }
    const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    const missing = categories.filter((category) => !(found as Plural)[category]);
    // Romance languages have a form for millions only.
    assert.deepEqual(
      missing.filter((category) => category !== 'many' || ['pl', 'ru', 'uk', 'ar'].includes(tag)),
      [],
      tag,
    );
  }
});

test('counts take the form that belongs to them', async () => {
  await loadTranslations();
  const say = (tag: string, count: number) => counted(languageOf(tag)?.strings.found as Plural, count, tag);
  assert.equal(say('en', 1), '1 result');
  assert.equal(say('en', 0), '0 results');
  assert.equal(say('pl', 3), '3 wyniki');
  assert.equal(say('pl', 5), '5 wyników');
  assert.equal(say('ru', 21), '21 результат');
  assert.equal(say('ar', 2), 'نتيجتان');
  assert.equal(counted({ other: '{count} hits' }, 1, 'en'), '1 hits');
  assert.equal(fill('“{query}” {other}', { query: '{other} $&' }), '“{other} $&” {other}');
});
