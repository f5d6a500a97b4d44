/**
 * Ranking metrics. A ranking is given as the grades of its items, best rank first: 0 is not relevant, higher is better.
 * What the ranking left out is known through the judged grades of the query, in any order.
 */

/**
 * Normalised discounted cumulative gain at `k`, from 0 to 1: gain 2^grade − 1, discount log2(rank + 1). The discount is
 * that of Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002); the exponential gain that
 * of Burges et al., "Learning to rank using gradient descent" (2005). With grades of 0 and 1 alone it is trec_eval's
 * `ndcg_cut`, whose gain is the grade. 0 when nothing is relevant.
 */
export function ndcg(ranked: readonly number[], judged: readonly number[], k: number): number {
  const ideal = [...judged].sort((a, b) => b - a);
  return ratio(dcg(ranked, k), dcg(ideal, k));
}

function dcg(grades: readonly number[], k: number): number {
  return grades.slice(0, k).reduce((sum, grade, i) => sum + (2 ** grade - 1) / Math.log2(i + 2), 0);
}

/** One over the rank of the first relevant item within `k`, or 0. Its mean over queries is MRR@k. */
export function reciprocalRank(ranked: readonly number[], k: number): number {
  const first = ranked.slice(0, k).findIndex((grade) => grade > 0);
  return first < 0 ? 0 : 1 / (first + 1);
}

/** The share of the relevant items that are within `k`. 0 when nothing is relevant. */
export function recall(ranked: readonly number[], judged: readonly number[], k: number): number {
  return ratio(relevant(ranked.slice(0, k)), relevant(judged));
}

/** The share of the first `k` places that hold a relevant item; a place left empty holds none. */
export function precision(ranked: readonly number[], k: number): number {
  return relevant(ranked.slice(0, k)) / k;
}

/** 1 if any relevant item is within `k`, else 0. */
export function hit(ranked: readonly number[], k: number): number {
  return relevant(ranked.slice(0, k)) > 0 ? 1 : 0;
}

/** How many items within `k` are not relevant: what a reader has to pass over. */
export function wrong(ranked: readonly number[], k: number): number {
  const shown = ranked.slice(0, k);
  return shown.length - relevant(shown);
}

function relevant(grades: readonly number[]): number {
  return grades.filter((grade) => grade > 0).length;
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
