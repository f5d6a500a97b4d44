/** Means with their uncertainty, and agreement between scorings. */

/** A mean with the bounds of its 95 % confidence interval. */
export interface Estimate {
  mean: number;
  low: number;
  high: number;
}

const RESAMPLES = 2000;
const SEED = 20_240_601;

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The value below which the share `p` lies, interpolated between neighbours. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const place = p * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (place - Math.floor(place)) * (above - below);
}

/**
 * The mean of a value per query, with a percentile bootstrap over queries (Efron 1979). The same values always give the
 * same interval. For a difference of two systems pass the differences per query: that is the paired bootstrap.
 */
export function estimate(values: readonly number[]): Estimate {
  return estimateOverGroups([values]);
}

/**
 * The mean of the groups' means, with queries drawn anew within each group: the groups are the sets that were judged,
 * fixed, and each counts the same however many queries it has.
 */
export function estimateOverGroups(groups: readonly (readonly number[])[]): Estimate {
  const filled = groups.filter(({ length }) => length > 0);
  const random = mulberry32(SEED);
  const resampled = Array.from({ length: RESAMPLES }, () =>
    mean(filled.map((group) => drawMean(group, random))),
  );
  return {
    mean: mean(filled.map(mean)),
    low: percentile(resampled, 0.025),
    high: percentile(resampled, 0.975),
  };
}

/** The mean of as many values as there are, drawn with replacement. */
function drawMean(values: readonly number[], random: () => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[Math.floor(random() * values.length)] as number;
  return sum / values.length;
}

/** Tommy Ettinger's 32-bit generator: numbers from 0 to 1, the same for the same seed on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Spearman's rank correlation of two scorings of the same items, from −1 to 1: Pearson's correlation of the ranks, where
 * equal scores share the mean of their ranks. `undefined` where it is not defined: the lengths differ, or either scoring
 * has fewer than two different scores or one that is not a number.
 */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  if (a.length !== b.length || [...Array.from(a), ...Array.from(b)].some(Number.isNaN)) return undefined;
  const [x, y] = [ranks(a), ranks(b)];
  // Ranks with ties averaged always have this mean.
  const middle = (a.length + 1) / 2;
  const covariance = (p: number[], q: number[]) =>
    p.reduce((sum, value, i) => sum + (value - middle) * ((q[i] as number) - middle), 0);
  const spread = Math.sqrt(covariance(x, x) * covariance(y, y));
  return spread > 0 ? covariance(x, y) / spread : undefined;
}

function ranks(scores: ArrayLike<number>): number[] {
  const order = Array.from(scores, (_, i) => i).sort((i, j) => (scores[i] as number) - (scores[j] as number));
  const found = new Array<number>(scores.length).fill(0);
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start] as number];
    let end = start;
    while (end < order.length && scores[order[end] as number] === score) end += 1;
    for (const item of order.slice(start, end)) found[item] = (start + end + 1) / 2;
    start = end;
  }
  return found;
}
