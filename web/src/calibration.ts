/** From the score that orders results to the probability that a result answers the query. Pure. */
import type { Ranked } from './ranking.js';

/**
 * Platt scaling (Platt, "Probabilistic outputs for support vector machines", 1999): the probability is
 * 1 / (1 + exp(−(slope × final + intercept))), `final` being the score that orders the results.
 */
export interface Calibration {
  /** Greater than 0, so that the probability falls as the score does. */
  slope: number;
  intercept: number;
}

/** The calibrations of the models that a query is answered with; absent where a model has none. */
export interface Calibrations {
  /** Of the fused score; the embedder's. */
  fused?: Calibration | undefined;
  /** Of the score that orders what was reranked; the reranker's. */
  reranked?: Calibration | undefined;
  mixingWeight: number;
  openingShare: number;
}

/** The probability, from 0 to 1, for a score that orders results. */
export function probabilityOf({ slope, intercept }: Calibration, final: number): number {
  return 1 / (1 + Math.exp(-(slope * final + intercept)));
}

/** What is wrong with a calibration as it was given; `undefined` where nothing is. */
export function problemOfCalibration(given: unknown): string | undefined {
  const { slope, intercept } = (given ?? {}) as Partial<Record<keyof Calibration, unknown>>;
  if (Number.isFinite(slope) && (slope as number) > 0 && Number.isFinite(intercept)) return undefined;
  return `expected "calibration" to be { slope, intercept }, two numbers, the slope above 0, found ${JSON.stringify(given)}`;
}

/**
 * Gives each its probability, which never rises with rank: what was not reranked stands below what was, and is held to be
 * no likelier than the last of that. Nothing has a probability where the score is not one that was calibrated: where no
 * model with a calibration made the order, or the fused score in it has no cosine and so is of another scale.
 *
 * @param ranked best first
 */
export function withScores(ranked: readonly Ranked[], calibrations: Calibrations): Ranked[] {
  const hasCosines = ranked.some(({ scores }) => scores.cosine !== undefined);
  const fused = hasCosines ? calibrations.fused : undefined;
  const reranked = calibrations.mixingWeight === 0 || fused ? calibrations.reranked : undefined;
  const first = ranked[0]?.scores.cross === undefined ? fused : reranked;
  if (!first) return [...ranked];
  let score = 1;
  return ranked.map((each) => {
    const { cross, final } = each.scores;
    const own = cross === undefined ? fused : first;
    if (own) score = Math.min(score, probabilityOf(own, final));
    return { ...each, score };
  });
}
