/** How near two results are. */

/**
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
export function cosine(a, b) {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    ab += a[i] * b[i];
    aa += a[i] ** 2;
    bb += b[i] ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/**
 * Spearman's rank correlation: Pearson's of the ranks, ties sharing their mean rank.
 *
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
export function spearman(a, b) {
  const centre = (/** @type {number[]} */ ranks) => ranks.map((rank) => rank - (ranks.length - 1) / 2);
  return cosine(centre(ranksOf(a)), centre(ranksOf(b)));
}

/** @param {ArrayLike<number>} values */
function ranksOf(values) {
  const all = Array.from(values);
  return all.map((value) => {
    const below = all.filter((other) => other < value).length;
    const equal = all.filter((other) => other === value).length;
    return below + (equal - 1) / 2;
  });
}

/**
 * Positions by value, highest first; ties in the order given.
 *
 * @param {ArrayLike<number>} values
 */
export const orderOf = (values) =>
  Array.from(values, (value, i) => ({ value, i }))
    .sort((a, b) => b.value - a.value)
    .map(({ i }) => i);

/**
 * The share of the best `k` that two rankings of the same items have in common.
 *
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 * @param {number} k
 */
export function overlap(a, b, k) {
  const best = new Set(orderOf(a).slice(0, k));
  return (
    orderOf(b)
      .slice(0, k)
      .filter((i) => best.has(i)).length / Math.min(k, a.length)
  );
}

/**
 * The greatest difference, relative to the values where they are greater than 1.
 *
 * @param {ArrayLike<number>} found
 * @param {ArrayLike<number>} expected
 */
export function greatestDifference(found, expected) {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Array.from(
    found,
    (value, i) => Math.abs(value - expected[i]) / Math.max(1, Math.abs(expected[i])),
  ).reduce((greatest, each) => (each > greatest || Number.isNaN(each) ? each : greatest), 0);
}

/**
 * The rows of a matrix.
 *
 * @param {Float32Array} values
 * @param {number} count
 */
export const rowsOf = (values, count) =>
  Array.from({ length: count }, (_, i) =>
    values.subarray((i * values.length) / count, ((i + 1) * values.length) / count),
  );

/** @param {number[]} values */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
