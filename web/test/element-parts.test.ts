/** The parts of the element that need no page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrange } from '../src/element/arrange.js';
import { affordableStage } from '../src/element/device.js';
import { safeHref } from '../src/element/links.js';
import { markWords, runsOf } from '../src/element/marks.js';
import { amountsOf, ProgressSum } from '../src/element/progress.js';
import { RecentSearches } from '../src/element/recent.js';

const BASE = 'https://help.example/en/start';

test('a link is to http or https, relative or not, with the anchor as its fragment', () => {
  assert.equal(safeHref('/mute', undefined, BASE), 'https://help.example/mute');
  assert.equal(safeHref('mute#old', 'new part', BASE), 'https://help.example/en/mute#new%20part');
  assert.equal(safeHref('http://other.example/a?b=c', 'd', BASE), 'http://other.example/a?b=c#d');
  assert.equal(safeHref('//other.example/a', undefined, BASE), 'https://other.example/a');
});

test('nothing else is a link', () => {
  const refused = [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'blob:https://help.example/1',
    'vbscript:x',
    'file:///etc/passwd',
    'https://',
    '',
    undefined,
    42,
    { toString: () => 'https://help.example/' },
  ];
  for (const url of refused) assert.equal(safeHref(url, 'anchor', BASE), undefined, String(url));
  assert.equal(safeHref('/relative', undefined, undefined), undefined);
});

test('with nothing held, the new order is shown', () => {
  assert.deepEqual(arrange(['a', 'b', 'c'], ['c', 'd', 'a'], undefined), ['c', 'd', 'a']);
});

test('what is held, and all above it, stays in its place', () => {
  const shown = ['a', 'b', 'c', 'd'];
  const next = ['d', 'c', 'e', 'a', 'b'];
  for (const held of shown.keys()) {
    const order = arrange(shown, next, held);
    assert.deepEqual(order.slice(0, held + 1), shown.slice(0, held + 1));
    assert.equal(new Set(order).size, order.length);
    assert.equal(order.length, next.length);
    const below = order.slice(held + 1);
    assert.deepEqual(
      below,
      next.filter((id) => below.includes(id)),
      'below, the new order',
    );
  }
  assert.deepEqual(arrange(shown, ['x'], 1), ['a', 'b'], 'what is held is kept though it is no longer found');
});

test('a text is cut at its highlights; bad pairs are left out', () => {
  const text = 'Mute a topic';
  assert.deepEqual(
    runsOf({
      text,
      highlights: [
        [0, 4],
        [7, 12],
      ],
    }),
    [
      { text: 'Mute', marked: true },
      { text: ' a ', marked: false },
      { text: 'topic', marked: true },
    ],
  );
  const bad: [number, number][] = [
    [5, 5],
    [0, 4],
    [2, 6],
    [9, 40],
    [-3, 2],
  ];
  const runs = runsOf({ text, highlights: bad });
  assert.equal(runs.map(({ text }) => text).join(''), text);
  assert.deepEqual(
    runs.filter(({ marked }) => marked),
    [{ text: 'Mute', marked: true }],
  );
  assert.deepEqual(runsOf({ text: '', highlights: [] }), []);
});

test('title words are marked whatever their case and accents, but not for short words', () => {
  const marked = (text: string, ...terms: string[]) =>
    runsOf(markWords(text, terms)).flatMap(({ text, marked }) => (marked ? text : []));
  assert.deepEqual(marked('Résumé of muted topics', 'RESUME', 'mute'), ['Résumé', 'muted']);
  assert.deepEqual(marked('Move a topic to another channel', 'a', 'to'), []);
  assert.deepEqual(marked('Set up 2FA', '2f'), ['2FA']);
  assert.deepEqual(marked('Commute', 'mute'), []);
});

test('data and memory are saved where the device says so', () => {
  assert.equal(affordableStage(undefined), 'reranked');
  assert.equal(affordableStage({}), 'reranked');
  assert.equal(affordableStage({ connection: { saveData: true }, deviceMemory: 8 }), 'lexical');
  assert.equal(affordableStage({ connection: { effectiveType: 'slow-2g' } }), 'lexical');
  assert.equal(affordableStage({ connection: { effectiveType: '3g' }, deviceMemory: 2 }), 'hybrid');
  assert.equal(affordableStage({ deviceMemory: 4 }), 'reranked');
});

test('progress is the sum of the files, then the articles, then nothing', () => {
  const sum = new ProgressSum();
  assert.equal(sum.current(), undefined);
  sum.add({ stage: 'download', file: 'a', loaded: 5, total: 10 });
  sum.add({ stage: 'download', file: 'b', loaded: 0, total: 30 });
  assert.deepEqual(sum.current(), { stage: 'download', loaded: 5, total: 40 });
  sum.add({ stage: 'embed', loaded: 1, total: 3 });
  sum.add({ stage: 'download', file: 'a', loaded: 10, total: 10 });
  sum.add({ stage: 'download', file: 'c', loaded: 1, total: 0 });
  assert.deepEqual(sum.current(), { stage: 'download', loaded: 11, total: 0 });
  sum.add({ stage: 'download', file: 'c', loaded: 2, total: 2 });
  sum.add({ stage: 'download', file: 'b', loaded: 30, total: 30 });
  assert.deepEqual(sum.current(), { stage: 'embed', loaded: 1, total: 3 });
  sum.add({ stage: 'embed', loaded: 3, total: 3 });
  assert.equal(sum.current(), undefined);
});

test('amounts are in megabytes and passages, in the language’s numbers', () => {
  assert.equal(
    amountsOf({ stage: 'download', loaded: 1_500_000, total: 46_000_000 }, 'en'),
    '1.5 MB / 46.0 MB',
  );
  assert.equal(amountsOf({ stage: 'download', loaded: 1_500_000, total: 0 }, 'de'), '1,5 MB');
  assert.equal(amountsOf({ stage: 'embed', loaded: 12, total: 1500 }, 'en'), '12 / 1,500');
});

test('recent searches: newest first, each once, no more than asked for', () => {
  const store = memoryStore();
  const recent = new RecentSearches(store, 'key', 2);
  assert.deepEqual(recent.list(), []);
  for (const text of ['one', '  two ', 'One', '   ']) recent.add(text);
  assert.deepEqual(recent.list(), ['One', 'two']);
  recent.add('three');
  assert.deepEqual(recent.list(), ['three', 'One']);
  recent.remove('ONE');
  assert.deepEqual(recent.list(), ['three']);
  recent.clear();
  assert.deepEqual([...store.entries.keys()], [], 'nothing is left behind');
});

test('recent searches: turned off, they are forgotten; a bad or forbidden store does no harm', () => {
  const store = memoryStore();
  new RecentSearches(store, 'key', 5).add('secret');
  assert.deepEqual(new RecentSearches(store, 'key', 0).list(), []);
  assert.equal(store.entries.size, 0);

  for (const text of ['not json', '{"a":1}', '[1,null,"kept"]']) {
    store.setItem('key', text);
    assert.deepEqual(new RecentSearches(store, 'key', 5).list(), text.includes('kept') ? ['kept'] : []);
  }
  const forbidden = {
    getItem: () => assert.fail('forbidden'),
    setItem: () => assert.fail('forbidden'),
    removeItem: () => assert.fail('forbidden'),
  };
  const recent = new RecentSearches(forbidden, 'key', 5);
  recent.add('text');
  assert.deepEqual(recent.list(), []);
  const none = new RecentSearches(undefined, 'key', 5);
  none.add('text');
  assert.deepEqual(none.list(), []);
});

function memoryStore() {
  const entries = new Map<string, string>();
  return {
    entries,
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
  };
}
