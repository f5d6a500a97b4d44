/** How near the engine comes to PyTorch, and how near it has to come. */
import { cosine, greatestDifference, mean, overlap, rowsOf, spearman } from './measures.mjs';

/** What the default models reach on the golden fixtures. */
export const REQUIRED = {
  /** Least cosine of any embedding with sentence-transformers', both in f32 from what the packed file holds. */
  f32Cosine: 0.999999,
  /** Mean of Spearman's rank correlation of the logits, over the queries with candidates; likewise in f32. */
  f32Spearman: 0.9999,
  /**
   * The same for the int8 layers, whose activations have 7 bits. The least cosine is that of texts of two or three
   * tokens, which are nearly all outliers; the mean stands for ordinary text.
   */
  int8Cosine: 0.985,
  int8MeanCosine: 0.9975,
  int8Spearman: 0.985,
  /** Greatest difference of a logit from PyTorch's, both in f32 from what the packed file holds. */
  f32Logit: 1e-3,
  /** Greatest difference, relative to values greater than 1, where the weights are exactly PyTorch's. */
  exact: 1e-4,
};

/**
 * @typedef {object} Scorer
 * @property {(texts: string[]) => Promise<Float32Array>} embed
 * @property {(query: string, passages: string[]) => Promise<Float32Array>} score
 */

/**
 * @param {Pick<Scorer, 'embed'>} engine
 * @param {ReturnType<typeof import('./fixtures.mjs').goldenTexts>} texts
 */
export async function measureEmbeddings(engine, texts) {
  const rows = rowsOf(await engine.embed(texts.map(({ text }) => text)), texts.length);
  const cosines = texts.map(({ embedding }, i) => cosine(rows[i], embedding));
  const least = Math.min(...cosines);
  const worst = texts[cosines.indexOf(least)].name;
  return {
    rows,
    least,
    mean: mean(cosines),
    summary: `${texts.length} embeddings: cosine mean ${mean(cosines).toFixed(5)}, least ${least.toFixed(5)} (${worst})`,
  };
}

/**
 * @param {Pick<Scorer, 'score'>} engine
 * @param {ReturnType<typeof import('./fixtures.mjs').goldenGroups>} groups
 */
export async function measureLogits(engine, groups) {
  const found = [];
  for (const { query, passages } of groups) found.push(await engine.score(query, passages));
  const compare = (/** @type {(a: ArrayLike<number>, b: ArrayLike<number>) => number} */ by) =>
    groups.map(({ logits }, i) => by(found[i], logits));
  const correlations = compare(spearman);
  const overlaps = compare((a, b) => overlap(a, b, 5));
  const difference = Math.max(...compare(greatestDifference));
  const least = Math.min(...correlations);
  const worst = groups[correlations.indexOf(least)].name;
  return {
    found,
    meanSpearman: mean(correlations),
    difference,
    summary:
      `${groups.length} queries: Spearman mean ${mean(correlations).toFixed(4)}, least ${least.toFixed(4)} (${worst}); ` +
      `top-5 overlap mean ${mean(overlaps).toFixed(3)}, least ${Math.min(...overlaps).toFixed(1)}; ` +
      `greatest difference ${difference.toFixed(4)}`,
  };
}
