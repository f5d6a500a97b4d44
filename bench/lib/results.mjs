/** From measurements to the rows that are kept, and to the ratios that are required of them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../scripts/steps.mjs';
import { cosines, mean, quantile, spearman } from './statistics.mjs';
import { MACS_PER_TOKEN } from './workloads.mjs';

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} engine
 * @property {string} version
 * @property {string} dtype
 * @property {number} threads
 * @property {boolean} isolated
 * @property {string} workload
 * @property {number} samples
 * @property {number} median_ms
 * @property {number} p10_ms
 * @property {number} p90_ms
 * @property {number} gmacs 10⁹ multiply-accumulates of the linear layers per second, as if none were saved
 * @property {number} heap_mb WebAssembly memory of all workers, 10⁶ bytes
 * @property {number} download_mb 10⁶ bytes, nothing compressed
 * @property {number | null} tokens computed in one pass over the workload; null where the engine does not tell
 * @property {number | null} spearman with PyTorch f32, on W1: the mean over the queries
 * @property {number | null} spearman_least
 * @property {number | null} cosine_least with PyTorch f32, on W3
 */

/** @param {import('./measure.mjs').Measurement} measurement @returns {Row} */
export function toRow({ engine, workload, ms, tokens, values, memoryBytes, downloadBytes }) {
  const median = quantile(ms, 0.5);
  // Where the engine does not count, nothing else can have been computed than the texts.
  const perSample = (tokens ?? workload.tokens ?? Number.NaN) / (workload.items === 1 ? ms.length : 1);
  const correlations = workload.id === 'W1' ? values.map(correlation) : [];
  return {
    id: engine.id,
    engine: engine.name,
    version: engine.version(),
    dtype: engine.dtype,
    threads: engine.threads,
    isolated: engine.isolated,
    workload: workload.id,
    samples: ms.length,
    median_ms: round(median, 2),
    p10_ms: round(quantile(ms, 0.1), 2),
    p90_ms: round(quantile(ms, 0.9), 2),
    gmacs: round((perSample * MACS_PER_TOKEN) / median / 1e6, 2),
    heap_mb: round(memoryBytes / 1e6, 1),
    download_mb: round(downloadBytes / 1e6, 1),
    tokens: tokens ?? null,
    spearman: correlations.length > 0 ? round(mean(correlations), 4) : null,
    spearman_least: correlations.length > 0 ? round(Math.min(...correlations), 4) : null,
    cosine_least: workload.id === 'W3' ? round(leastCosine(values[0]), 4) : null,
  };
}

/** @param {number} value @param {number} digits */
const round = (value, digits) => Number(value.toFixed(digits));

const reference = JSON.parse(readFileSync(path.join(ROOT, 'bench', 'reference.json'), 'utf8'));

/** @param {number[]} logits @param {number} repeat the query's number */
const correlation = (logits, repeat) => spearman(logits, reference.W1[repeat].slice(0, logits.length));

/** @param {number[]} embeddings */
function leastCosine(embeddings) {
  const { dims, base64 } = reference.W3;
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return Math.min(...cosines(embeddings, new Float32Array(bytes.buffer), dims));
}

/**
 * A requirement: the ratio of two times or rates, and the least it has to be.
 *
 * @typedef {{ claim: string, found: number | undefined, wanted: number, unit: string }} Ratio
 */

/**
 * @param {Row[]} rows
 * @param {Record<string, number>} kernelRates
 * @returns {Ratio[]}
 */
export function ratios(rows, kernelRates) {
  /** @param {string} workload @param {string} id */
  const time = (workload, id) => rows.find((row) => row.workload === workload && row.id === id)?.median_ms;
  /** @param {string} workload @param {number} threads */
  const fastestPeer = (workload, threads) =>
    Math.min(
      ...rows
        .filter(
          (row) => row.workload === workload && row.threads === threads && !row.engine.startsWith('docsift'),
        )
        .map((row) => row.median_ms),
    );
  /** @param {string} claim @param {number} wanted @param {number | undefined} slow @param {number | undefined} fast */
  const times = (claim, wanted, slow, fast) => ({ claim, wanted, unit: '×', found: quotient(slow, fast) });

  const list = ['W1', 'W1s'].flatMap((workload) => [
    times(
      `${workload}: one worker, against the fastest peer with one thread`,
      2,
      fastestPeer(workload, 1),
      time(workload, 'docsift'),
    ),
    times(
      `${workload}: two plain workers, against the fastest peer with two threads`,
      2.5,
      fastestPeer(workload, 2),
      time(workload, 'docsift-2w'),
    ),
    times(
      `${workload}: one worker, against stock candle in Q8_0`,
      10,
      time(workload, 'candle-q8_0'),
      time(workload, 'docsift'),
    ),
    times(
      `${workload}: plain SIMD, against the fastest peer with one thread`,
      1.4,
      fastestPeer(workload, 1),
      time(workload, 'docsift-simd128'),
    ),
  ]);
  list.push(
    times(
      'W2: one short query, against the fastest peer with one thread',
      2.5,
      fastestPeer('W2', 1),
      time('W2', 'docsift'),
    ),
    times(
      'W3: one worker, against the fastest peer with one thread',
      2,
      fastestPeer('W3', 1),
      time('W3', 'docsift'),
    ),
    times(
      'W3: two plain workers, against the fastest peer with two threads',
      2,
      fastestPeer('W3', 2),
      time('W3', 'docsift-2w'),
    ),
  );
  const best = Math.max(0, ...Object.values(kernelRates));
  const w1 = rows.find((row) => row.workload === 'W1' && row.id === 'docsift');
  list.push({
    claim: `W1: rate of the linear layers, against the innermost loop by itself (${best.toFixed(1)} GMAC/s)`,
    wanted: 70,
    unit: ' %',
    found: quotient(w1 && 100 * w1.gmacs * COMPUTED_SHARE, best),
  });
  return list.filter(({ found }) => found !== undefined);
}

/**
 * The share of W1's linear layers that docsift computes: in the cross-encoder's last layer only K and V, 2 of 12 units of
 * 384², are needed of every token, and the rest of `[CLS]` alone (50 of the 6,358 tokens).
 */
const COMPUTED_SHARE = (5 * 12 + 2 + (10 * 50) / 6358) / 72;

/** @param {number | undefined} a @param {number | undefined} b */
function quotient(a, b) {
  const value = (a ?? Number.NaN) / (b ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * Rows whose engine computed other tokens than the rest, or is too far from the reference to be the same network.
 *
 * @param {Row[]} rows
 * @param {import('./workloads.mjs').Workload[]} workloads
 * @param {number} peerBatch padding makes more tokens of larger batches
 */
export function doubts(rows, workloads, peerBatch) {
  const found = [];
  for (const row of rows) {
    const name = `${row.id} on ${row.workload}`;
    const tokens = workloads.find(({ id }) => id === row.workload)?.tokens;
    if (peerBatch === 1 && tokens !== undefined && row.tokens !== null && row.tokens !== tokens)
      found.push(`${name}: computed ${row.tokens} tokens, and the workload has ${tokens}`);
    const exact = row.dtype === 'fp32' || row.dtype === 'f32';
    if (exact && Math.min(row.spearman ?? 1, row.cosine_least ?? 1) < 0.99)
      found.push(`${name}: in f32, and far from the reference; was reference.json made with this model?`);
  }
  return found;
}
