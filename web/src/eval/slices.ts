/** The slices that a query belongs to: how it was asked, and what its answer is like. */
import type { SearchDocument } from '../types.js';
import { answersOf, nearest, type Observed } from './observed.js';

/** By slice axis; an axis on which nothing is known of the query is absent. */
export type Slices = Partial<Record<Axis, string>>;
export const AXES = ['kind', 'section', 'age', 'length', 'position'] as const;
export type Axis = (typeof AXES)[number];

const DAY_MS = 86_400_000;

/**
 * The answer is the document of the best grade, the first judged where several have it; its passage is the one nearest
 * to the query (by cosine, or by words where there are no vectors).
 *
 * - `kind`: as the set says.
 * - `section`: the first part of the answer's `section`.
 * - `age`: of the answer's `updated`, counted back from the newest date in the corpus.
 * - `length`: of the answer's passage, in words.
 * - `position`: where that passage begins in the answer's body.
 */
export function slicesOf({ query, documents, passages }: Observed): Slices {
  const answer = answersOf(query)
    .map((id) => documents.get(id))
    .find((document) => document !== undefined);
  const slices: Slices = {};
  if (query.kind) slices.kind = query.kind;
  if (!answer) return slices;
  const section = typeof answer.section === 'string' ? answer.section.split(' > ')[0]?.trim() : undefined;
  if (section) slices.section = section;
  const age = ageOf(answer, documents);
  if (age) slices.age = age;
  const text = nearest(passages, answer.id)?.passage.text;
  if (text) {
    slices.length = lengthOf(text);
    slices.position = positionOf(answer.body, text);
  }
  return slices;
}

const newestDates = new WeakMap<ReadonlyMap<string, SearchDocument>, number>();

function ageOf(
  { updated }: SearchDocument,
  documents: ReadonlyMap<string, SearchDocument>,
): string | undefined {
  const date = timeOf(updated);
  if (Number.isNaN(date)) return undefined;
  let newest = newestDates.get(documents);
  if (newest === undefined) {
    newest = [...documents.values()].reduce((most, other) => {
      const time = timeOf(other.updated);
      return time > most ? time : most;
    }, Number.NEGATIVE_INFINITY);
    newestDates.set(documents, newest);
  }
  const days = (newest - date) / DAY_MS;
  if (days < 182) return 'under 6 months';
  if (days < 365) return '6 to 12 months';
  return days < 730 ? '1 to 2 years' : 'over 2 years';
}

/** Milliseconds since 1970, or NaN. */
export function timeOf(updated: unknown): number {
  return typeof updated === 'string' ? Date.parse(updated) : Number.NaN;
}

function lengthOf(text: string): string {
  const words = text.split(/\s+/).filter(Boolean).length;
  if (words < 25) return 'under 25 words';
  if (words < 60) return '25 to 59 words';
  return words < 110 ? '60 to 109 words' : '110 words and more';
}

function positionOf(body: string, text: string): string {
  const start = body.indexOf(text.slice(0, 200));
  const share = body.length === 0 || start < 0 ? 0 : start / body.length;
  if (start <= 0) return 'first passage';
  if (share < 1 / 3) return 'first third';
  return share < 2 / 3 ? 'middle third' : 'last third';
}
