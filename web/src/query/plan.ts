/** Which passages are worth reranking, and what this device can afford. Pure. */
import { pairTokens } from '../engine/job.js';
import type { Retrieval } from '../engine/protocol.js';
import type { RerankReason, SearchDocument } from '../types.js';
import { comparable } from '../words.js';
import type { Query } from './options.js';

/** A budget that does not reach this many whole passages has them cut, rather than reading still fewer. */
const LEAST_PASSAGES = 16;
/** Passages are not cut below this many tokens: title and heading are as long. */
const LEAST_TOKENS = 64;
/** About what the retriever's passages have with title and heading: cutting to more saves nothing. */
const WHOLE_PASSAGE_TOKENS = 200;
/** Read to learn how fast a device is, where that is not known. */
const PROBE_TOKENS = 512;

/** Why nothing is to be reranked; `undefined` where something is. */
export function reasonToSkip(
  { rerank, text, typing, limit }: Query,
  { candidates, documents, terms }: Retrieval,
  hasReranker: boolean,
): RerankReason | undefined {
  if (rerank === false || !hasReranker) return 'off';
  if (candidates.length === 0) return 'nothing_found';
  if (rerank !== 'auto') return undefined;
  if (typing) return 'typing';
  if (candidates.length < limit) return 'few_passages';
  const best = documents[candidates[0]?.documentId ?? ''] as SearchDocument | undefined;
  if (best && comparable(best.title) === comparable(text)) return 'exact_title';
  if (terms.length > 0 && terms.every(({ kind, documents }) => kind === 'identifier' && documents > 0)) {
    return 'identifier';
  }
  return undefined;
}

/**
 * How long passages may be for a budget, in tokens; `undefined`: as they are.
 *
 * @param rate tokens per millisecond of all workers, where it is known
 */
export function passageTokens(
  { rerank, rerankTokens, text }: Query,
  rate: number | undefined,
): number | undefined {
  if (rerankTokens !== undefined || typeof rerank !== 'object' || rate === undefined) return rerankTokens;
  const share = Math.floor((rerank.budgetMs * rate) / LEAST_PASSAGES) - pairTokens(text, '');
  return share >= WHOLE_PASSAGE_TOKENS ? undefined : Math.max(LEAST_TOKENS, share);
}

/**
 * How many of the candidates, from the first, can be read in the time left. Before the rate is known, a few are read to
 * learn it.
 */
export function affordable(
  query: string,
  candidates: readonly { input?: string | undefined }[],
  leftMs: number,
  rate: number | undefined,
): number {
  let tokens = leftMs <= 0 ? 0 : rate === undefined ? PROBE_TOKENS : leftMs * rate;
  let count = 0;
  for (const { input } of candidates) {
    tokens -= pairTokens(query, input ?? '');
    if (tokens < 0) break;
    count += 1;
  }
  return count;
}
