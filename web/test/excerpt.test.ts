import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excerptOf } from '../src/excerpt.js';

/** The excerpt with its matches in brackets. */
function marked(passage: string, query: string): string {
  const { text, highlights } = excerptOf(passage, query);
  let out = '';
  let from = 0;
  for (const [start, end] of highlights) {
    assert.ok(start >= from && end > start && end <= text.length, 'highlights are ascending and disjoint');
    out += `${text.slice(from, start)}[${text.slice(start, end)}]`;
    from = end;
  }
  return out + text.slice(from);
}

const PASSAGE =
  'Open the settings page from the menu in the top right corner of the window, where your picture is shown. Then choose the tab named security, which lists everything that protects an account of yours. Click on reset to receive a message with a link for a new password, which is valid for one hour. Nobody else can use it.';

test('shows the sentence with the most words of the query', () => {
  const excerpt = marked(PASSAGE, 'how do I reset my password?');
  assert.match(excerpt, /^Click on \[reset\] to receive .* new \[password\], which/);
});

test('goes on to the next sentence while the excerpt is short', () => {
  assert.equal(marked('Press delete. It is gone. ', 'delete'), 'Press [delete]. It is gone.');
});

test('shows the beginning where nothing matches', () => {
  const { text, highlights } = excerptOf(PASSAGE, 'zebra');
  assert.match(text, /^Open the settings page/);
  assert.deepEqual(highlights, []);
});

test('marks other forms of a word, and words without their accents, but not words that look alike', () => {
  assert.equal(marked('Deleting a café policy.', 'delete cafe policies'), '[Deleting] a [café] [policy].');
  assert.equal(marked('The content is here.', 'contact'), 'The content is here.');
});

test('marks stop words only in a query of nothing else', () => {
  assert.equal(marked('How to be in it.', 'how to be'), '[How] [to] [be] in it.');
  assert.equal(marked('How to log in.', 'how to log'), 'How to [log] in.');
});

test('cuts a long sentence around its match, between words, and says so', () => {
  const long = `${'filler words '.repeat(60)}needle ${'more words '.repeat(60)}`;
  const { text, highlights } = excerptOf(long, 'needle');
  assert.ok(text.length <= 282, `${text.length} characters`);
  assert.match(text, /^…(filler|words) .*needle.* (more|words)…$/);
  assert.deepEqual(
    highlights.map(([start, end]) => text.slice(start, end)),
    ['needle'],
  );
});

test('has a result for every odd input', () => {
  assert.deepEqual(excerptOf('', 'query'), { text: '', highlights: [] });
  assert.deepEqual(excerptOf('  \n ', ''), { text: '', highlights: [] });
  assert.equal(marked('密码重置方法。', '密码'), '[密码]重置方法。');
  assert.equal(marked('Emoji 🎉 party.', '🎉 party'), 'Emoji 🎉 [party].');
  assert.equal(marked('<b>bold</b> text.', 'bold'), '<b>[bold]</b> text.');
});
