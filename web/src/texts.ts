/** The texts of candidates, where those are in parts of an index that are fetched when they are wanted. */
import type { Candidate, Retrieval } from './engine/protocol.js';
import type { DocsiftError } from './errors.js';

/** Which texts are fetched where they are not there, and how long they are waited for. */
export interface TextsWanted {
  /** Those of the first so many documents. */
  documents: number;
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
 * @param wanted nothing is fetched without it
 * @param fetch adds parts to what `retrieve` asks, and resolves with why some cannot be had
 */
export async function withTexts(
  retrieve: () => Promise<Retrieval>,
  wanted: TextsWanted | undefined,
  fetch: (files: readonly string[], patienceMs: number) => Promise<DocsiftError | undefined>,
): Promise<Found> {
  const first = await retrieve();
  const absent = wanted ? absentTexts(first, wanted.documents) : [];
  if (!wanted || absent.length === 0) return { retrieval: first };
  const problem = await fetch(absent, wanted.patienceMs);
  const retrieval = await retrieve();
  return { retrieval, missing: absentTexts(retrieval, wanted.documents).length > 0 ? problem : undefined };
}

/** The parts to fetch for the texts of the first so many documents. */
export function absentTexts({ candidates }: Retrieval, documents: number): string[] {
  return [...new Set(ofDocuments(candidates, documents).flatMap(({ textPart }) => textPart ?? []))];
}

/** The candidates of the first so many documents. */
function ofDocuments(candidates: readonly Candidate[], count: number): readonly Candidate[] {
  const ids = new Set([...new Set(candidates.map(({ documentId }) => documentId))].slice(0, count));
  return candidates.filter(({ documentId }) => ids.has(documentId));
}
