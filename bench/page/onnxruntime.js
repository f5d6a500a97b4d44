/** onnxruntime-web, one sequence at a time: nothing is padded. */
import './probe.js';
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { serve } from './remote.js';
import { loadTokenizer, oneByOne } from './texts.js';

const FILES = { q8: 'model_quantized.onnx', fp32: 'model.onnx' };

let encode;
let session;

/** @param {import('./host.js').Config} config */
async function load({ model, dtype, threads }) {
  env.wasm.wasmPaths = '/ort/';
  env.wasm.numThreads = threads;
  encode = await loadTokenizer(`/peers/${model}`);
  session = await InferenceSession.create(`/peers/${model}/onnx/${FILES[dtype]}`, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
}

async function run({ ids, typeIds }) {
  const tensor = (values) => new Tensor('int64', BigInt64Array.from(values, BigInt), [1, ids.length]);
  const outputs = await session.run({
    input_ids: tensor(ids),
    attention_mask: tensor(ids.map(() => 1)),
    token_type_ids: tensor(typeIds),
  });
  return outputs[session.outputNames[0]];
}

const score = (query, passages) =>
  oneByOne(
    passages.map((passage) => encode(query, passage)),
    async (encoding) => (await run(encoding)).data,
  );

const embed = (texts) =>
  oneByOne(
    texts.map((text) => encode(text)),
    async (encoding) => meanPooled(await run(encoding)),
  );

/** @param {Tensor} hidden `[1, tokens, dims]` */
function meanPooled({ data, dims: [, tokens, dims] }) {
  const sum = new Float32Array(dims);
  for (let token = 0; token < tokens; token++)
    for (let index = 0; index < dims; index++) sum[index] += data[token * dims + index];
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}

serve({ load, score, embed });
