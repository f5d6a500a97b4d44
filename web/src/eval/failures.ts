/**
 * Why a query failed. It did when no document of the best grade is among the first three; the kind is that of the first
 * rule below that holds.
 *
 * | kind | rule |
 * | --- | --- |
 * | `missing content` | none of the documents of the best grade is in the corpus |
 * | `freshness` | above the answer stands an older document (by `updated`) whose title shares three quarters of its words with the answer's |
 * | `chunking` | of the query's words that the answer has, its best passage has half or less, and lacks at least two |
 * | `candidate` | no passage of the answer is among the candidates |
 * | `calibration` | by the cross-encoder's logit alone the answer would be among the first three |
 * | `intent` | a document that helps, of a lower grade, is among the first three: the subject was found and not the wish |
 * | `scoring` | none of these: the answer was a candidate and others scored higher |
 */
import type { SearchDocument, TraceCandidate } from '../types.js';
import { answersOf, nearest, type Observed, rankBy } from './observed.js';
import { timeOf } from './slices.js';

export const FAILURES = [
  'missing content',
  'freshness',
  'chunking',
  'candidate',
  'calibration',
  'intent',
  'scoring',
] as const;

export interface Failure {
  kind: (typeof FAILURES)[number];
  /** The place of the answer among the documents listed, from 1; absent where it is not listed. */
  rank?: number | undefined;
  /** What the rule found. */
  why: string;
}

const SHOWN = 3;

export function explainFailure(observed: Observed, hybrid: readonly string[]): Failure | undefined {
  const { query, documents, hits, passages, reranked } = observed;
  const answers = answersOf(query);
  const place = hits.findIndex((id) => answers.includes(id));
  if (place >= 0 && place < SHOWN) return undefined;
  const rank = place < 0 ? undefined : place + 1;
  const failure = (kind: Failure['kind'], why: string): Failure => ({ kind, rank, why });

  const present = answers.flatMap((id) => documents.get(id) ?? []);
  if (present.length === 0) return failure('missing content', `not in the corpus: ${answers.join(', ')}`);

  const above = hits.slice(0, place < 0 ? SHOWN : place);
  for (const id of above) {
    const newer = present.find((answer) => isOlderTwin(documents.get(id), answer));
    if (newer) return failure('freshness', `${id} is older than ${newer.id} and stands above it`);
  }

  const words = contentWords(query.text);
  const listed = new Set(reranked.map(({ documentId }) => documentId));
  for (const answer of present) {
    const spread = spreadOf(words, answer, nearest(passages, answer.id));
    if (spread) return failure('chunking', `${answer.id}: ${spread}`);
  }
  if (!present.some(({ id }) => listed.has(id))) {
    const found = hybrid.findIndex((id) => answers.includes(id)) + 1;
    return failure('candidate', `the retriever has it at place ${found}, below the candidates`);
  }
  const byLogit = rankBy(reranked, ({ cross }) => cross ?? Number.NEGATIVE_INFINITY);
  const logitPlace = byLogit.findIndex((id) => answers.includes(id)) + 1;
  if (reranked.some(({ scores }) => scores.cross !== undefined) && logitPlace > 0 && logitPlace <= SHOWN)
    return failure('calibration', `place ${logitPlace} by logit alone`);
  const helper = hits.slice(0, SHOWN).find((id) => (query.grades.get(id) ?? 0) > 0);
  if (helper) return failure('intent', `${helper} helps and does not answer`);
  const before = hybrid.findIndex((id) => answers.includes(id)) + 1;
  return failure('scoring', `place ${before} before reranking, ${logitPlace} by logit alone`);
}

function isOlderTwin(other: SearchDocument | undefined, answer: SearchDocument): boolean {
  if (!other || !(timeOf(other.updated) < timeOf(answer.updated))) return false;
  const [a, b] = [contentWords(other.title), contentWords(answer.title)];
  const shared = [...a].filter((word) => b.has(word)).length;
  return shared > 0 && shared / (a.size + b.size - shared) >= 0.75;
}

function spreadOf(
  words: ReadonlySet<string>,
  answer: SearchDocument,
  passage: TraceCandidate | undefined,
): string | undefined {
  if (!passage) return undefined;
  const whole = contentWords(`${answer.title} ${answer.body}`);
  const part = contentWords(passage.input);
  const inWhole = [...words].filter((word) => whole.has(word));
  const lacking = inWhole.filter((word) => !part.has(word));
  if (lacking.length < 2 || lacking.length * 2 < inWhole.length) return undefined;
  return `its best passage lacks ${lacking.map((word) => `"${word}"`).join(', ')}, which stand elsewhere in it`;
}

/** Words of three letters and more, in lower case, cut to six letters so that most endings fall away; without the commonest. */
function contentWords(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  return new Set(words.filter((word) => !COMMON.has(word)).map((word) => word.slice(0, 6)));
}

const COMMON = new Set(
  'the and for are was but not you your with this that from have has had can how what why when where who which does did into out our its they them their his her she him all any some will would should could just only than then there here about after before over under again more most other own same too very get got use using want need make'.split(
    ' ',
  ),
);
