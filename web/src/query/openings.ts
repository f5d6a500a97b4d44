/** Which documents are read by what they open with. Pure. */
import type { Opening, Retrieval } from '../engine/protocol.js';
import { documentsOf, rank, trustIn } from '../ranking.js';
import type { Query } from './options.js';

/** So many documents. Over 170 questions to four help centers, in PyTorch, fourteen are no better (nDCG@10 0.849 and 0.848). */
const OPENINGS = 10;

/** About so long; those of 200 tokens are worse (there 0.845, where those of 45 words have 0.851). */
export const OPENING_TOKENS = 64;

/**
 * The best documents by what was read of their passages, with their openings. None where a passage was not read, so that the
 * best are not known, and where an opening is not to be had.
 */
export function openingsOfBest(
  { candidates, openings = {} }: Retrieval,
  logits: readonly (number | undefined)[],
  mixingWeight: number,
  { text }: Query,
): [id: string, opening: Opening][] {
  if (logits.includes(undefined)) return [];
  const best = documentsOf(rank(candidates, logits, mixingWeight, trustIn(text))).slice(0, OPENINGS);
  const found = best.flatMap((id): [string, Opening][] => (openings[id] ? [[id, openings[id]]] : []));
  return found.length === best.length ? found : [];
}
