/** The few statistics that the report needs. */

/**
 * @param {number[]} values
 * @param {number} q 0 to 1; between two values, linearly
 */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at % 1);
}

/** @param {number[]} values */
export const mean = (values) => values.reduce((total, value) => total + value, 0) / values.length;

/**
 * Spearman's rank correlation: Pearson's, of the ranks; values that are equal share their mean rank.
 *
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
export function spearman(a, b) {
  const x = ranks(a);
  const y = ranks(b);
  const middle = (x.length - 1) / 2;
  const covariance = (u, v) =>
    u.reduce((total, value, index) => total + (value - middle) * (v[index] - middle), 0);
  return covariance(x, y) / Math.sqrt(covariance(x, x) * covariance(y, y));
}

/** @param {ArrayLike<number>} values */
function ranks(values) {
  const order = Array.from(values, (value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const result = new Array(order.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && order[to + 1].value === order[from].value) to++;
    for (let at = from; at <= to; at++) result[order[at].index] = (from + to) / 2;
    from = to + 1;
  }
  return result;
}

/**
 * The cosine of each pair of rows.
 *
 * @param {ArrayLike<number>} a row-major
 * @param {ArrayLike<number>} b
 * @param {number} dims
 */
export function cosines(a, b, dims) {
  return Array.from({ length: a.length / dims }, (_, row) => {
    let product = 0;
    let squareA = 0;
    let squareB = 0;
    for (let at = row * dims; at < (row + 1) * dims; at++) {
      product += a[at] * b[at];
      squareA += a[at] ** 2;
      squareB += b[at] ** 2;
    }
    return product / Math.sqrt(squareA * squareB);
  });
}
