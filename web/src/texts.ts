/** The texts of candidates, where those are in parts of an index that are fetched when they are wanted. */
import type { Candidate, Retrieval } from './engine/protocol.js';
import type { DocsiftError } from './errors.js';

/** Which texts are wanted of a retrieval, and how long they are waited for. */
export interface TextsWanted {
  of: (candidates: readonly Candidate[]) => readonly Candidate[];
  patienceMs: number;
}

export interface Found {
  retrieval: Retrieval;
  /** Why some of the texts wanted are missing. */
  missing?: DocsiftError | undefined;
}

/**
 * Retrieves; and where texts that are wanted are not there, has them fetched and retrieves once more.
 *
 * @param fetch adds parts to what `retrieve` asks, and resolves with why some cannot be had
 */
export async function withTexts(
  retrieve: () => Promise<Retrieval>,
  { of, patienceMs }: TextsWanted,
  fetch: (files: readonly string[], patienceMs: number) => Promise<DocsiftError | undefined>,
): Promise<Found> {
  const files = (retrieval: Retrieval) => [
    ...new Set(of(retrieval.candidates).flatMap(({ textPart }) => textPart ?? [])),
  ];
  const first = await retrieve();
  const absent = files(first);
  if (absent.length === 0) return { retrieval: first };
  const problem = await fetch(absent, patienceMs);
  const retrieval = await retrieve();
  return { retrieval, missing: files(retrieval).length > 0 ? problem : undefined };
}

/** The candidates of the first so many documents. */
export function ofDocuments(candidates: readonly Candidate[], count: number): readonly Candidate[] {
  const ids = new Set([...new Set(candidates.map(({ documentId }) => documentId))].slice(0, count));
  return candidates.filter(({ documentId }) => ids.has(documentId));
}
