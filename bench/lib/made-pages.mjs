/**
 * Pages of a site that is as large as is wanted: a corpus again and again, with other words, and vectors that stand in for
 * embeddings, which take hours. Neither memory nor files depend on what vectors say. The same in every run.
 */

/** One word in so many is another than in the corpus. */
const CHANGED = 8;

/**
 * Numbers from 0 up to 1, always the same sequence.
 *
 * @param {number} [seed]
 */
export function sequence(seed = 1) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * @param {{ title: string, body: string, [field: string]: unknown }[]} corpus
 * @param {() => number} random
 */
export function pageMaker(corpus, random) {
  const vocabulary = [...new Set(corpus.flatMap(({ body }) => body.match(/[a-z]{4,}/g) ?? []))];
  const anyWord = () => vocabulary[Math.floor(random() * vocabulary.length)];
  const change = (/** @type {string} */ text) =>
    text.replace(/[a-z]{4,}/g, (word) => (random() < 1 / CHANGED ? anyWord() : word));

  /** Page `n`: first those of the corpus as they are. */
  return (/** @type {number} */ n) => {
    const { title, body, ...fields } = corpus[n % corpus.length];
    const copy = Math.floor(n / corpus.length);
    const id = `page-${n}`;
    if (copy === 0) return { ...fields, id, title, body };
    const url = fields.url === undefined ? {} : { url: `${fields.url}/${copy}` };
    return { ...fields, ...url, id, title: `${change(title)} ${anyWord()}`, body: change(body) };
  };
}

/**
 * Vectors of unit length in any direction, one after the other.
 *
 * @param {number} count
 * @param {number} dims
 * @param {() => number} random
 */
export function unitVectors(count, dims, random) {
  const rows = new Float32Array(count * dims);
  for (let row = 0; row < count; row += 1) {
    const values = rows.subarray(row * dims, (row + 1) * dims);
    for (let i = 0; i < dims; i += 1) values[i] = random() + random() - 1;
    const length = Math.hypot(...values);
    for (let i = 0; i < dims; i += 1) values[i] /= length;
  }
  return rows;
}
