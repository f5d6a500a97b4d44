/** What is seen of one query, and simple questions to it. */
import type { Scores, SearchDocument, Timings, TraceCandidate } from '../types.js';
import type { JudgedQuery } from './dataset.js';

/** Everything of a query that was seen. */
export interface Observed {
  query: JudgedQuery;
  documents: ReadonlyMap<string, SearchDocument>;
  /** Every passage, in the retriever's order. */
  passages: readonly TraceCandidate[];
  /** The same for the query as it is, where the models read misspelt words of it as the documents spell them. */
  uncorrected: readonly TraceCandidate[];
  /** The candidates, in their final order. */
  reranked: readonly TraceCandidate[];
  /** Documents as the product listed them. */
  hits: readonly string[];
  timings: Timings;
}

/** The documents of the best grade. */
export function answersOf({ grades }: JudgedQuery): string[] {
  const best = Math.max(...grades.values());
  return best > 0 ? [...grades].filter(([, grade]) => grade === best).map(([id]) => id) : [];
}

/** The passage of a document that is nearest to the query. */
export function nearest(passages: readonly TraceCandidate[], document: string): TraceCandidate | undefined {
  const score = ({ scores }: TraceCandidate) => scores.cosine ?? scores.fused;
  const own = passages.filter(({ documentId }) => documentId === document);
  return own.reduce<TraceCandidate | undefined>(
    (best, passage) => (best && score(best) >= score(passage) ? best : passage),
    undefined,
  );
}

/** Documents by their best passage, best first; equal scores stay in the order given. */
export function rankBy(passages: readonly TraceCandidate[], score: (scores: Scores) => number): string[] {
  const ordered = [...passages].sort((a, b) => score(b.scores) - score(a.scores));
  return [...new Set(ordered.map(({ documentId }) => documentId))];
}
