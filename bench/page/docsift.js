/** docsift through its public API. Its workers are its own; a probe is put before their script. */

/** In the binary that is left out, and in the module by which docsift tells whether it can run: `i16x8.relaxed_dot…`. */
const RELAXED_DOT = [0xfd, 0x92, 0x02];

let model;

/** @param {import('./host.js').Config} config */
export async function load({ role, threads, variant }) {
  if (variant === 'simd128') refuseRelaxedSimd();
  const { loadEmbedder, loadReranker } = await import('/dist/docsift.js');
  const options = { workers: threads, workerUrl: '/docsift-worker.js', cache: false, cacheScores: false };
  model = await (role === 'reranker' ? loadReranker(options) : loadEmbedder(options));
}

export const score = async (query, passages) => ({ values: await model.rerank(query, passages) });
export const embed = async (texts) => ({ values: await model.embed(texts) });

/** Makes this browser look like one without relaxed SIMD. */
function refuseRelaxedSimd() {
  const { validate } = WebAssembly;
  WebAssembly.validate = (bytes) => {
    const holdsIt = bytes.some((_, at) => RELAXED_DOT.every((byte, index) => bytes[at + index] === byte));
    return !holdsIt && validate(bytes);
  };
}
