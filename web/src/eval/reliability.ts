/** How far probabilities are to be trusted, and what leaving out unlikely results does. */
import { mean } from './statistics.js';

/** A probability that was told, and whether the result was relevant. */
export interface Told {
  score: number;
  relevant: boolean;
}

/** The results whose probability is in one of equally wide parts of 0 to 1. */
export interface ReliabilityBin {
  /** Its upper end, which it includes. */
  to: number;
  results: number;
  /** The mean of the probabilities told, and the share of the results that were relevant; 0 where there are none. */
  told: number;
  relevant: number;
}

const BINS = 15;

export function reliability(told: readonly Told[], bins = BINS): ReliabilityBin[] {
  return Array.from({ length: bins }, (_, i) => {
    const within = told.filter(({ score }) => Math.max(0, Math.ceil(score * bins) - 1) === i);
    return {
      to: (i + 1) / bins,
      results: within.length,
      told: mean(within.map(({ score }) => score)),
      relevant: mean(within.map(({ relevant }) => Number(relevant))),
    };
  });
}

/**
 * The expected calibration error, from 0 to 1: how far the share of relevant results is from the probability told, on
 * average over the results, in 15 bins of equal width (Guo et al., "On calibration of modern neural networks", 2017).
 */
export function expectedCalibrationError(told: readonly Told[], bins = BINS): number {
  if (told.length === 0) return 0;
  const off = reliability(told, bins).map(
    ({ results, told, relevant }) => results * Math.abs(told - relevant),
  );
  return off.reduce((sum, each) => sum + each, 0) / told.length;
}

/** What `minScore` does, as shares of 0 to 1; those of nothing are `undefined`. */
export interface Threshold {
  minScore: number;
  /** Of the queries that were told "nothing here answers that", how many had no answer here; and of those, how many were told so. */
  precision: number | undefined;
  recall: number | undefined;
  /** How many of the queries that have an answer here were told so. */
  lost: number | undefined;
  /** How many of the relevant results, and of the others, were left out. */
  relevantLeftOut: number | undefined;
  othersLeftOut: number | undefined;
}

/**
 * @param answered the best probability for each query that has an answer in the documents; 0 where nothing was found
 * @param unanswered the same of queries that have none
 * @param told the results of the queries that have an answer
 */
export function thresholdOf(
  minScore: number,
  answered: readonly number[],
  unanswered: readonly number[],
  told: readonly Told[],
): Threshold {
  const below = (scores: readonly number[]) => scores.filter((score) => score < minScore).length;
  const [wrongly, rightly] = [below(answered), below(unanswered)];
  const scoresOf = (wanted: boolean) =>
    told.filter(({ relevant }) => relevant === wanted).map(({ score }) => score);
  const leftOut = (scores: readonly number[]) => ratio(below(scores), scores.length);
  return {
    minScore,
    precision: ratio(rightly, rightly + wrongly),
    recall: ratio(rightly, unanswered.length),
    lost: ratio(wrongly, answered.length),
    relevantLeftOut: leftOut(scoresOf(true)),
    othersLeftOut: leftOut(scoresOf(false)),
  };
}

function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}
