/** How the element asks a search whose answers come in stages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asker } from '../src/element/ask.js';
import type { ElementQuery, ElementResult, SearchLike } from '../src/element/types.js';

const OPTIONS = { limit: 5, typing: true, rerank: { budgetMs: 100 } } as const;
const STAGES = ['lexical', 'hybrid', 'reranked'] as const;

/** Answers any question in three stages, and notes what it was asked and how far it came. */
function fakeSearch() {
  const calls: { text: string; options: ElementQuery; worked: string[]; ended: boolean }[] = [];
  const search: SearchLike = {
    async *stream(text, options) {
      const call = { text, options, worked: [] as string[], ended: false };
      calls.push(call);
      try {
        for (const stage of STAGES) {
          options.signal.throwIfAborted();
          call.worked.push(stage);
          yield { hits: [], stage, final: stage === 'reranked' };
        }
      } finally {
        call.ended = true;
      }
    },
  };
  return { search, calls };
}

/** Notes what is handed out. */
function listener() {
  const heard: string[] = [];
  return {
    heard,
    answering: {
      onResult: ({ stage }: ElementResult) => void heard.push(stage),
      onEnd: () => void heard.push('end'),
      onError: (error: unknown) => void heard.push(String(error)),
    },
  };
}

test('hands out every stage, then the end', async () => {
  const { search, calls } = fakeSearch();
  const { heard, answering } = listener();
  await new Asker().ask(search, 'text', OPTIONS, answering);
  assert.deepEqual(heard, [...STAGES, 'end']);
  assert.ok(calls[0]);
  const { signal, ...options } = calls[0].options;
  assert.deepEqual(options, OPTIONS);
  assert.equal(signal.aborted, false);
});

test('a newer question ends the older before the models are put to work', async () => {
  const { search, calls } = fakeSearch();
  const [older, newer] = [listener(), listener()];
  const asker = new Asker();
  const first = asker.ask(search, 'mut', OPTIONS, older.answering);
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(older.heard, ['lexical'], 'words are looked up at once');
  await Promise.all([first, asker.ask(search, 'mute', OPTIONS, newer.answering)]);
  assert.deepEqual(older.heard, ['lexical']);
  assert.deepEqual(newer.heard, [...STAGES, 'end']);
  assert.deepEqual(calls[0]?.worked, ['lexical']);
  assert.equal(calls[0]?.options.signal.aborted, true);
  assert.equal(calls[0]?.ended, true, 'the stream is closed');
});

test('with words alone, the rest is never asked for', async () => {
  const { search, calls } = fakeSearch();
  const { heard, answering } = listener();
  await new Asker().ask(search, 'text', OPTIONS, answering, true);
  assert.deepEqual(heard, ['lexical', 'end']);
  assert.deepEqual(calls[0]?.worked, ['lexical']);
  assert.equal(calls[0]?.ended, true);
});

test('a failure is handed out, unless the question was given up', async () => {
  const failing = (): SearchLike => ({
    async *stream() {
      await new Promise((resolve) => setTimeout(resolve));
      throw new Error('broken');
    },
  });
  const heard = listener();
  await new Asker().ask(failing(), 'text', OPTIONS, heard.answering);
  assert.deepEqual(heard.heard, ['Error: broken']);

  const asker = new Asker();
  const unheard = listener();
  const asking = asker.ask(failing(), 'text', OPTIONS, unheard.answering);
  asker.stop();
  await asking;
  assert.deepEqual(unheard.heard, []);
});
