/** What is taken for a word, and which words are taken to mean the same. Pure. */

/** A part of a text, in UTF-16 units; `end` is exclusive. */
export interface Span {
  start: number;
  end: number;
}

/** Words that match nearly everywhere; they count only in a query of nothing else. */
const STOP_WORDS = new Set(
  'a an and are as at be by can cannot do does for from how i if in is it me my not of on or our should so that the their there this to was we what when where which who why will with you your'.split(
    ' ',
  ),
);

/** The telling words of a query, each once; all of them where none is telling. */
export function queryTerms(query: string): string[] {
  const words = segments(query, 'word').map(({ start, end }) => normalize(query.slice(start, end)));
  const telling = words.filter((word) => !STOP_WORDS.has(word));
  return [...new Set(telling.length > 0 ? telling : words)];
}

/** A text by its words alone: equal for texts that differ in case, accents, punctuation and spaces. */
export function comparable(text: string): string {
  return segments(text, 'word')
    .map(({ start, end }) => normalize(text.slice(start, end)))
    .join(' ');
}

/** Equal, or alike but for an English ending: "delete" and "deleting", "policy" and "policies". */
export function sameWord(a: string, b: string): boolean {
  if (a === b) return true;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let shared = 0;
  while (shared < short.length && short[shared] === long[shared]) shared += 1;
  return shared >= 4 && short.length - shared <= 1 && long.length - shared <= 4;
}

/** Lower case without accents. */
export function normalize(word: string): string {
  return word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The words or the sentences of a text; by the browser's own rules for the language, where it has them. */
export function segments(text: string, granularity: 'word' | 'sentence'): Span[] {
  if ('Segmenter' in Intl) {
    const parts = [...new Intl.Segmenter(undefined, { granularity }).segment(text)];
    return parts
      .filter(({ isWordLike }) => granularity === 'sentence' || isWordLike)
      .map(({ index, segment }) => ({ start: index, end: index + segment.length }));
  }
  const pattern = granularity === 'word' ? /[\p{L}\p{N}]+/gu : /[^.!?。！？\n]+[.!?。！？\n]*\s*/gu;
  return [...text.matchAll(pattern)].map(({ index, 0: match }) => ({
    start: index,
    end: index + match.length,
  }));
}
