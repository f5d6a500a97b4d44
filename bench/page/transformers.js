/** @huggingface/transformers with its wasm device. */
import './probe.js';
import {
  AutoModel,
  AutoModelForSequenceClassification,
  AutoTokenizer,
  env,
  mean_pooling,
} from '@huggingface/transformers';
import { serve } from './remote.js';

let tokenizer;
let network;
let batch;

/** @param {import('./host.js').Config} config */
async function load({ model, role, dtype, threads, batch: size }) {
  batch = size;
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = '/peers/';
  env.useBrowserCache = false;
  env.useWasmCache = false;
  env.backends.onnx.wasm.numThreads = threads;
  // The files it takes by default, from here.
  env.backends.onnx.wasm.wasmPaths = {
    mjs: '/transformers-ort/ort-wasm-simd-threaded.asyncify.mjs',
    wasm: '/transformers-ort/ort-wasm-simd-threaded.asyncify.wasm',
  };
  tokenizer = await AutoTokenizer.from_pretrained(model);
  const Model = role === 'reranker' ? AutoModelForSequenceClassification : AutoModel;
  network = await Model.from_pretrained(model, { dtype, device: 'wasm' });
}

/**
 * @param {number} count
 * @param {(from: number, to: number) => object} tokenize
 * @param {(outputs: object, inputs: object) => Float32Array} read
 */
async function run(count, tokenize, read) {
  const rows = [];
  let tokens = 0;
  for (let from = 0; from < count; from += batch) {
    const inputs = tokenize(from, from + batch);
    tokens += inputs.input_ids.size;
    rows.push(read(await network(inputs), inputs));
  }
  return { values: Float32Array.from(rows.flatMap((row) => [...row])), tokens };
}

const score = (query, passages) =>
  run(
    passages.length,
    (from, to) => {
      const pairs = passages.slice(from, to);
      return tokenizer(
        pairs.map(() => query),
        { text_pair: pairs, padding: true, truncation: true },
      );
    },
    ({ logits }) => logits.data,
  );

const embed = (texts) =>
  run(
    texts.length,
    (from, to) => tokenizer(texts.slice(from, to), { padding: true, truncation: true }),
    ({ last_hidden_state }, { attention_mask }) =>
      mean_pooling(last_hidden_state, attention_mask).normalize(2, -1).data,
  );

serve({ load, score, embed });
