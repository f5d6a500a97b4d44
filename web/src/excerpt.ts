/** Cuts from a passage what a reader should see of it, and marks the query's words. Pure. */
import type { Term } from './engine/protocol.js';
import type { Excerpt } from './types.js';
import { normalize, queryTerms, type Span, sameWord, segments } from './words.js';

/** An excerpt ends with the sentence that reaches this length, in characters. */
const ENOUGH = 120;
/** A longer sentence is cut around its first match. */
const MOST = 280;

/**
 * The sentences of `passage` with the most different words of `query`; the first ones where nothing matches. `found`
 * tells what the engine took the query's words for: misspelt ones, say.
 */
export function excerptOf(passage: string, query: string, found: readonly Term[] = []): Excerpt {
  const terms = queryTerms(query);
  const telling = found.filter(({ text, kind }) => kind !== 'word' || terms.includes(text));
  const taken = new Map(telling.flatMap(({ text, matched }) => matched.map((word) => [word, text] as const)));
  const sentences = segments(passage, 'sentence');
  const matches = segments(passage, 'word').flatMap((span) => {
    const word = normalize(passage.slice(span.start, span.end));
    const term = matching(word, terms) ?? taken.get(word);
    return term === undefined ? [] : [{ ...span, term }];
  });

  let best = 0;
  let most = 0;
  sentences.forEach((sentence, i) => {
    const found = new Set(matches.filter((match) => within(match, sentence)).map(({ term }) => term)).size;
    if (found > most) {
      best = i;
      most = found;
    }
  });

  const span = cut(passage, sentences.slice(best), matches);
  const cutOff = sentences.find(({ start, end }) => span.end > start && span.end <= end);
  const before = passage.slice(sentences[best]?.start, span.start).trim() ? '…' : '';
  const after = passage.slice(span.end, cutOff?.end).trim() ? '…' : '';
  const highlights = matches
    .filter((match) => within(match, span))
    .map(({ start, end }): [number, number] => {
      const shift = before.length - span.start;
      return [start + shift, end + shift];
    });
  return { text: before + passage.slice(span.start, span.end) + after, highlights };
}

/** From the first of `sentences` to where there is enough text, without white space at either end. */
function cut(passage: string, sentences: Span[], matches: Span[]): Span {
  const first = sentences[0];
  if (!first) return { start: 0, end: 0 };
  if (first.end - first.start > MOST) return window(passage, first, matches);
  let end = first.end;
  for (const sentence of sentences.slice(1)) {
    if (end - first.start >= ENOUGH || sentence.end - first.start > MOST) break;
    end = sentence.end;
  }
  return trim(passage, { start: first.start, end });
}

/** `MOST` characters of a long sentence, with its first match a third of the way in, cut between words. */
function window(passage: string, sentence: Span, matches: Span[]): Span {
  const match = matches.find((candidate) => within(candidate, sentence));
  const wanted = match ? match.start - Math.floor(MOST / 3) : sentence.start;
  const start = Math.max(sentence.start, Math.min(wanted, sentence.end - MOST));
  const words = segments(passage, 'word').filter((word) => word.start >= start && word.end <= start + MOST);
  const from = start === sentence.start ? start : (words[0]?.start ?? start);
  const to = start + MOST >= sentence.end ? sentence.end : (words[words.length - 1]?.end ?? start + MOST);
  return trim(passage, { start: from, end: to });
}

/** The first of `terms` that a word is taken to mean the same as. */
function matching(word: string, terms: readonly string[]): string | undefined {
  return terms.find((term) => sameWord(word, term));
}

function within(inner: Span, outer: Span): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

function trim(text: string, { start, end }: Span): Span {
  while (start < end && /\s/.test(text[start] as string)) start += 1;
  while (end > start && /\s/.test(text[end - 1] as string)) end -= 1;
  return { start, end };
}
