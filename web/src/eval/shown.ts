/** What a search shows for queries that have an answer in its documents, and for queries that have none. */
import type { Search } from '../search.js';
import type { Hit, QueryOptions } from '../types.js';
import type { Dataset, JudgedQuery } from './dataset.js';
import { Pace } from './pace.js';
import { openSystem, type SystemOptions } from './system.js';

/** The stages that have probabilities. */
export const CALIBRATED = ['hybrid', 'reranked'] as const;
export type CalibratedStage = (typeof CALIBRATED)[number];

/** So many documents are shown unless a query asks for more. */
export const SHOWN = 5;

/** A document as it was shown. */
export interface ShownHit {
  id: string;
  /** The score that orders. */
  final: number;
  /** The probability told; absent where the model has no calibration. */
  score: number | undefined;
  /** Absent where the document was not judged for the query. */
  grade: number | undefined;
}

export interface ShownQuery {
  id: string;
  hits: Record<CalibratedStage, ShownHit[]>;
}

export interface ShownSet {
  name: string;
  /** The set's own queries, and queries of other sets. */
  own: ShownQuery[];
  foreign: ShownQuery[];
}

/**
 * Asks the queries of a set over its documents, then queries of others over the same. Rejects where a model is not to be
 * had.
 *
 * @param foreign queries that are taken to have no answer in the documents
 */
export async function showSet(
  { name, documents, queries }: Dataset,
  foreign: readonly JudgedQuery[],
  system: SystemOptions,
  options: QueryOptions,
  onProgress: (text: string) => void,
): Promise<ShownSet> {
  const { search } = await openSystem(documents, system, onProgress);
  try {
    const shown: ShownQuery[] = [];
    const pace = new Pace();
    const all = [...queries, ...foreign];
    for (const { id, text, grades } of all) {
      onProgress(`query ${shown.length + 1} of ${all.length}${pace.left(shown.length, all.length)}`);
      shown.push({ id, hits: await show(search, text, grades, options) });
    }
    return { name, own: shown.slice(0, queries.length), foreign: shown.slice(queries.length) };
  } finally {
    search.close();
  }
}

async function show(
  search: Search,
  text: string,
  grades: ReadonlyMap<string, number>,
  options: QueryOptions,
): Promise<ShownQuery['hits']> {
  const hits: ShownQuery['hits'] = { hybrid: [], reranked: [] };
  for await (const result of search.stream(text, { ...options, limit: SHOWN, minScore: undefined })) {
    const { stage, final, reason } = result;
    if (reason) throw reason;
    if (stage === 'hybrid' || (stage === 'reranked' && final))
      hits[stage] = result.hits.map((hit) => toShown(hit, grades));
  }
  return hits;
}

function toShown({ id, scores, score }: Hit, grades: ReadonlyMap<string, number>): ShownHit {
  return { id, final: scores.final, score, grade: grades.get(id) };
}

/** As many queries of the other sets as are wanted, evenly taken; none where there is only one set. */
export function foreignQueries(sets: readonly Dataset[], index: number, count: number): JudgedQuery[] {
  const others = sets.flatMap(({ name, queries }, i) =>
    i === index ? [] : queries.map((query) => ({ ...query, id: `${name}/${query.id}`, grades: new Map() })),
  );
  const taken = Math.min(count, others.length);
  return Array.from(
    { length: taken },
    (_, i) => others[Math.floor((i * others.length) / taken)] as JudgedQuery,
  );
}
