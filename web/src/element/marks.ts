/** Which parts of a text are marked. Pure. */
import type { Excerpt } from '../types.js';

/** A run of text, marked or not. */
export interface Run {
  text: string;
  marked: boolean;
}

/** Cuts a text at its highlights. Pairs that overlap, run backwards or lie outside are left out. */
export function runsOf({ text, highlights }: Excerpt): Run[] {
  const runs: Run[] = [];
  let at = 0;
  for (const [start, end] of highlights) {
    if (start < at || end <= start || end > text.length) continue;
    if (start > at) runs.push({ text: text.slice(at, start), marked: false });
    runs.push({ text: text.slice(start, end), marked: true });
    at = end;
  }
  if (at < text.length) runs.push({ text: text.slice(at), marked: false });
  return runs;
}

/**
 * The words of a title that the query found: those that begin with one of `terms`, whatever the case and accents. Terms of
 * one or two letters are left out: they are mostly words such as "a" and "of", and begin too many others.
 */
export function markWords(text: string, terms: readonly string[]): Excerpt {
  const wanted = terms.map(fold).filter((term) => term.length > 2 || /[^a-z]/.test(term));
  const highlights = [...text.matchAll(/[\p{L}\p{N}]+/gu)]
    .filter(([word]) => wanted.some((term) => fold(word).startsWith(term)))
    .map(({ index, 0: word }): [number, number] => [index, index + word.length]);
  return { text, highlights };
}

const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
