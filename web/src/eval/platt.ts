/** Fits a calibration to scores of which it is known whether they were right. */
import { type Calibration, probabilityOf } from '../calibration.js';
import { DocsiftError } from '../errors.js';
import { mean } from './statistics.js';

/** A score that orders results, and whether its result was relevant. */
export interface Labelled {
  final: number;
  relevant: boolean;
}

const MOST_STEPS = 100;
/** A gradient this small, for each example, is that of the maximum. */
const TOLERANCE = 1e-10;
/** Keeps the matrix invertible where all scores are the same. */
const RIDGE = 1e-12;

/**
 * The slope and intercept of greatest likelihood, by Newton's method with a step that is halved until it helps, after
 * Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector machines" (2007). The targets are Platt's,
 * a little inside of 0 and 1, so that few examples do not make it certain.
 *
 * Throws `invalid_input` where the examples are all of one kind, or the relevant ones do not score higher.
 */
export function fitCalibration(examples: readonly Labelled[]): Calibration {
  const positives = examples.filter(({ relevant }) => relevant).length;
  const negatives = examples.length - positives;
  if (positives === 0 || negatives === 0)
    throw invalid(`found ${positives} relevant results and ${negatives} others, and both are needed`);
  // Scores of a common scale: the steps are then about as large in both directions.
  const center = mean(examples.map(({ final }) => final));
  const spread = Math.sqrt(mean(examples.map(({ final }) => (final - center) ** 2))) || 1;
  const points = examples.map(({ final, relevant }) => ({
    x: (final - center) / spread,
    target: relevant ? (positives + 1) / (positives + 2) : 1 / (negatives + 2),
  }));
  let fit = { slope: 0, intercept: Math.log((positives + 1) / (negatives + 1)) };
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const next = newtonStep(points, fit);
    if (!next) break;
    fit = next;
  }
  const slope = fit.slope / spread;
  if (!(slope > 0)) throw invalid('relevant results do not score higher than others');
  return { slope, intercept: fit.intercept - slope * center };
}

interface Point {
  x: number;
  target: number;
}

/** `undefined` where the maximum is reached. */
function newtonStep(points: readonly Point[], fit: Calibration): Calibration | undefined {
  let [gradientA, gradientB, aa, ab, bb] = [0, 0, RIDGE, 0, RIDGE];
  for (const { x, target } of points) {
    const p = probabilityOf(fit, x);
    const weight = p * (1 - p);
    gradientA += x * (p - target);
    gradientB += p - target;
    aa += x * x * weight;
    ab += x * weight;
    bb += weight;
  }
  if (Math.hypot(gradientA, gradientB) < TOLERANCE * points.length) return undefined;
  const determinant = aa * bb - ab * ab;
  const slope = (bb * gradientA - ab * gradientB) / determinant;
  const intercept = (aa * gradientB - ab * gradientA) / determinant;
  const before = lossOf(points, fit);
  for (let share = 1; share > 1e-10; share /= 2) {
    const next = { slope: fit.slope - share * slope, intercept: fit.intercept - share * intercept };
    if (lossOf(points, next) < before) return next;
  }
  return undefined;
}

/** The cross-entropy, in a form that does not overflow. */
function lossOf(points: readonly Point[], { slope, intercept }: Calibration): number {
  return points.reduce((sum, { x, target }) => {
    const z = slope * x + intercept;
    return sum + Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target * z;
  }, 0);
}

function invalid(problem: string): DocsiftError {
  return new DocsiftError(
    'invalid_input',
    `no calibration can be fitted: ${problem}; give more judged queries`,
  );
}
