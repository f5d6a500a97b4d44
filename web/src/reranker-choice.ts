/** Which reranker of a manifest a device can afford. Pure. */
import { DocsiftError } from './errors.js';
import { type Manifest, modelsOf } from './manifest.js';

/** Has the best reranker chosen that reads all candidates of a query within so many milliseconds, on this device. */
export interface RerankerBudget {
  budgetMs: number;
}

/** What `query` reranks unless told otherwise, and about how long a query with a passage of a help center is, in tokens. */
const CANDIDATES = 50;
const PAIR_TOKENS = 130;

/**
 * The id of the reranker that does the most work a token among those that keep to the budget, since a larger model that
 * ranks no better has no place in a manifest; where none does, or the speed is not known, of the one that does the least.
 *
 * @param speed multiply-accumulates per millisecond of all workers
 */
export function rerankerWithin(
  { budgetMs }: RerankerBudget,
  manifest: Manifest,
  speed: number | undefined,
): string {
  const rerankers = modelsOf(manifest, 'reranker').map(([id, { macsPerToken }]) => {
    if (macsPerToken !== undefined) return { id, macs: macsPerToken };
    const problem = `the reranker "${id}" has no "macsPerToken", by which a budget is kept`;
    throw new DocsiftError('invalid_manifest', `${problem}; pack it again, or name a reranker`);
  });
  rerankers.sort((a, b) => b.macs - a.macs);
  const affordable = (speed ?? 0) * budgetMs;
  const chosen =
    rerankers.find(({ macs }) => macs * PAIR_TOKENS * CANDIDATES <= affordable) ?? rerankers.at(-1);
  if (!chosen)
    throw new DocsiftError('invalid_manifest', 'the manifest has no reranker; add one, or turn it off');
  return chosen.id;
}
