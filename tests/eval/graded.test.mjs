/** Graded queries become sets that can be evaluated. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { readGraded } from '../../eval/graded.mjs';

/**
 * @param {import('node:test').TestContext} t
 * @param {Record<string, unknown[]>} files
 */
function folderOf(t, files) {
  const folder = mkdtempSync(path.join(tmpdir(), 'docsift-graded-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, lines] of Object.entries(files))
    writeFileSync(path.join(folder, `${name}.jsonl`), lines.map((line) => JSON.stringify(line)).join('\n'));
  return folder;
}

const passages = ['zero', 'one', 'two', 'three'];
const headings = ['Zero', null, 'Two', null];

test('each source has its queries over the passages that were graded for any of them', (t) => {
  const folder = folderOf(t, {
    passages,
    headings,
    graded: [
      { q: 'first', cand: [2, 0], grades: [3, 0], best: 0, src: 'a/docs' },
      { q: 'other', cand: [3], grades: [1], best: 0, src: 'b/docs' },
      { q: 'second', cand: [0, 1], grades: [2, 1], best: 0, src: 'a/docs' },
    ],
  });
  const [a, b, ...more] = readGraded(folder);
  assert.equal(more.length, 0);
  assert.deepEqual([a?.name, b?.name], ['graded-a-docs', 'graded-b-docs']);
  assert.deepEqual(a?.documents, [
    { id: '2', title: 'Two', body: 'two' },
    { id: '0', title: 'Zero', body: 'zero' },
    { id: '1', title: '', body: 'one' },
  ]);
  assert.deepEqual(
    a?.queries.map(({ id, text, grades }) => [id, text, Object.fromEntries(grades)]),
    [
      ['0', 'first', { 2: 3, 0: 0 }],
      ['2', 'second', { 0: 2, 1: 1 }],
    ],
  );
});

test('says what is missing or wrong', (t) => {
  assert.throws(() => readGraded(folderOf(t, { passages, headings })), /there is no .*graded\.jsonl/);
  const graded = [{ q: 'first', cand: [2, 0], grades: [3], src: 'a/docs' }];
  assert.throws(() => readGraded(folderOf(t, { passages, headings, graded })), /graded query 1: expected/);
  const beyond = [{ q: 'first', cand: [4], grades: [3], src: 'a/docs' }];
  assert.throws(() => readGraded(folderOf(t, { passages, headings, graded: beyond })), /no passage 4 of 4/);
});
