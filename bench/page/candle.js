/** candle as it comes (../candle), one sequence at a time. */
import './probe.js';
import { serve } from './remote.js';
import { fetchBytes, loadTokenizer, oneByOne } from './texts.js';

let encode;
let bert;

/** @param {import('./host.js').Config} config */
async function load({ model, dtype }) {
  const { default: init, Bert } = await import('/candle/candle.js');
  await init();
  encode = await loadTokenizer(`/peers/${model}`);
  bert =
    dtype === 'q8_0'
      ? Bert.loadQuantized(await fetchBytes(`/peers/${model}/model.q8_0.gguf`))
      : Bert.loadFloat(
          await fetchBytes(`/peers/${model}/model.safetensors`),
          await fetchBytes(`/peers/${model}/config.json`),
        );
}

const score = (query, passages) =>
  oneByOne(
    passages.map((passage) => encode(query, passage)),
    ({ ids, typeIds }) => [bert.score(ids, typeIds)],
  );

const embed = (texts) =>
  oneByOne(
    texts.map((text) => encode(text)),
    ({ ids }) => bert.embed(ids),
  );

serve({ load, score, embed });
