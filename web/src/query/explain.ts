/** Why a document is, or is not, among the results of a query. Pure. */
import type { Standing } from '../engine/protocol.js';
import { passageOf } from '../ranking.js';
import type { Explanation, Hit, QueryResult } from '../types.js';
import type { Query } from './options.js';

/**
 * @param result with every document that was retrieved among its hits
 * @param standing where the engine says that the document stands
 */
export function explanationOf(
  documentId: string,
  query: Query,
  result: QueryResult,
  standing: Standing | undefined,
): Explanation {
  const hit = result.hits.find(({ id }) => id === documentId);
  if (hit) return explainHit(hit, query, result);
  if (!standing?.inIndex) {
    const message = `No document has the id "${documentId}".`;
    return { verdict: 'unknown_document', message };
  }
  const { excludedBy: field } = standing;
  if (field !== undefined) {
    return { verdict: 'filtered', message: `The condition on "${field}" keeps it out.`, field };
  }
  return explainAbsence(standing);
}

function explainHit(hit: Hit, { limit, minScore }: Query, { counts, stage }: QueryResult): Explanation {
  const place = `It is in place ${hit.rank}`;
  const moved = stage === 'reranked' ? `; the retriever had it in place ${hit.retrievalRank}` : '';
  const { score } = hit;
  if (hit.rank <= limit && minScore !== undefined && score !== undefined && score < minScore) {
    const message = `${place}, and is left out: its score, ${score.toFixed(3)}, is below ${minScore}${moved}.`;
    return { verdict: 'below_min_score', message, hit, minScore };
  }
  if (hit.rank <= limit) return { verdict: 'found', message: `${place}${moved}.`, hit };
  const message = `${place} of the documents found in ${counts.candidates} passages, and ${limit} are returned${moved}.`;
  return { verdict: 'ranked_too_low', message, hit, limit };
}

function explainAbsence({ passages, cut }: Standing): Explanation {
  const best = Math.min(...passages.map(({ fusedRank }) => fusedRank ?? Number.POSITIVE_INFINITY));
  if (passages.length === 0) {
    const message = `It is not among the ${cut} best that were found.`;
    return { verdict: 'not_retrieved', message, retrieve: cut, passages: [] };
  }
  const message = Number.isFinite(best)
    ? `Its best passage is in place ${best}, and the ${cut} best are retrieved.`
    : 'It shares no word with the query, and has no vector yet.';
  return {
    verdict: 'not_retrieved',
    message,
    retrieve: cut,
    passages: passages.map(({ text, heading, ...scores }) => {
      const { cosine, bm25, boost, fused, lexicalRank, denseRank, fusedRank } = scores;
      const passage = passageOf({ text, heading });
      return { passage, cosine, bm25, boost, fused, lexicalRank, denseRank, fusedRank };
    }),
  };
}
