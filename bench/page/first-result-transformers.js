/** The part of a page that uses transformers.js for embeddings, in q8. */
import { env, pipeline } from '@huggingface/transformers';

/**
 * @param {string} model a folder below /peers/
 * @returns {Promise<(text: string) => Promise<Float32Array>>}
 */
export async function embedderOf(model) {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = '/peers/';
  env.backends.onnx.wasm.wasmPaths = {
    mjs: '/ort/ort-wasm-simd-threaded.asyncify.mjs',
    wasm: '/ort/ort-wasm-simd-threaded.asyncify.wasm',
  };
  const extract = await pipeline('feature-extraction', model, { dtype: 'q8', device: 'wasm' });
  return async (text) => (await extract(text, { pooling: 'mean', normalize: true })).data;
}
