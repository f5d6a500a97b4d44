/**
 * The page of one engine, driven from Node through `window.bench`. Every engine computes in workers, as it would in a
 * page that has to stay responsive, and all are timed here, from the call to the reply.
 */
import * as docsift from './docsift.js';
import { kernelRates } from './kernel.js';
import { connect } from './remote.js';

/**
 * What an engine must do. `tokens` is what it computed, padding included; undefined where the engine tells by its probe.
 *
 * @typedef {{ values: Float32Array, tokens?: number }} Output
 * @typedef {object} Adapter
 * @property {(config: Config) => Promise<void>} load
 * @property {(query: string, passages: string[]) => Promise<Output>} score one logit a passage
 * @property {(texts: string[]) => Promise<Output>} embed one unit-length row a text
 *
 * @typedef {object} Config
 * @property {'docsift' | 'transformers' | 'onnxruntime' | 'candle'} adapter
 * @property {'embedder' | 'reranker'} role
 * @property {string} model its id
 * @property {string} dtype
 * @property {number} threads
 * @property {'simd128'} [variant] the binary to force
 * @property {number} batch how many texts go through at once
 */

/** @type {Adapter} */
let adapter;
let workers = 1;

/** @param {Config} config */
async function start(config) {
  adapter = config.adapter === 'docsift' ? docsift : connect(`/${config.adapter}.js`);
  workers = config.adapter === 'docsift' ? config.threads : 1;
  await adapter.load(config);
  while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 50));
  return { isolated: crossOriginIsolated };
}

/** Workers load one after the other: whether the last has as much in memory as the first. */
async function ready() {
  const sizes = (await reports()).map(({ bytes }) => bytes);
  return sizes.length === workers && Math.min(...sizes) > 0.8 * Math.max(...sizes);
}

const REPLY_MS = 500;

/** What the probes see, one report a worker; fewer where a worker is not there yet. */
function reports() {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel('probe');
    const found = [];
    const finish = () => {
      channel.close();
      clearTimeout(timer);
      resolve(found);
    };
    const timer = setTimeout(finish, REPLY_MS);
    channel.onmessage = ({ data }) => {
      if (data !== 'report' && found.push(data) === workers) finish();
    };
    channel.postMessage('report');
  });
}

/** WebAssembly memory of all workers, and the tokens computed so far where the engine counts them. */
async function report() {
  const found = await reports();
  const tokens = found.map((one) => one.tokens);
  return {
    memoryBytes: found.reduce((total, { bytes }) => total + bytes, 0),
    tokens: tokens.includes(undefined) ? undefined : tokens.reduce((total, count) => total + count, 0),
  };
}

/** @param {() => Promise<Output>} work */
async function timed(work) {
  const { tokens: before } = await report();
  const started = performance.now();
  const { values, tokens } = await work();
  const ms = performance.now() - started;
  const { tokens: after } = await report();
  return {
    ms,
    values: Array.from(values),
    tokens: tokens ?? (after === undefined ? undefined : after - before),
  };
}

window.bench = {
  start,
  report,
  kernelRates,
  score: (query, passages) => timed(() => adapter.score(query, passages)),
  embed: (texts) => timed(() => adapter.embed(texts)),
};
