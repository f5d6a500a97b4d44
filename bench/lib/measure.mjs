/** The measurement: engines take turns, so that whatever else the machine does hits all of them alike. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, step } from '../../scripts/steps.mjs';
import { openPage } from './browser.mjs';

const KERNEL_BUDGET_MS = 150;

/**
 * @typedef {object} Measurement of one engine on one workload
 * @property {import('./engines.mjs').Engine} engine
 * @property {import('./workloads.mjs').Workload} workload
 * @property {number[]} ms one a sample
 * @property {number | undefined} tokens computed in one repeat, or in all where each text is a sample
 * @property {number[][]} values what came out, one row a repeat
 * @property {number} memoryBytes
 * @property {number} downloadBytes
 *
 * @typedef {object} Outcome
 * @property {Measurement[]} measurements
 * @property {Record<string, number>} kernelRates the best seen, in 10⁹ multiply-accumulates per second
 * @property {string[]} failures engines that could not go on, and why
 */

/**
 * @param {import('playwright-core').Browser} browser
 * @param {import('./engines.mjs').Engine[]} engines
 * @param {import('./workloads.mjs').Workload[]} workloads
 * @param {{ peerBatch: number }} options
 * @returns {Promise<Outcome>}
 */
export async function measure(browser, engines, workloads, { peerBatch }) {
  /** @type {Outcome} */
  const outcome = { measurements: [], kernelRates: {}, failures: [] };
  const kernel = await openPage(browser, { isolated: false });
  // One model at a time: a page has then in memory what its workloads need.
  for (const role of /** @type {const} */ (['reranker', 'embedder'])) {
    const ofRole = workloads.filter((workload) => workload.role === role);
    if (ofRole.length === 0) continue;
    await step(`Measure the ${role}`, async (report) => {
      const players = [];
      for (const engine of engines) {
        report(`loading ${engine.id}`);
        players.push(await start(browser, engine, role, peerBatch, outcome));
      }
      await play(players.filter(Boolean), ofRole, kernel, outcome, report);
      await Promise.all(players.map((player) => player?.page.close()));
    });
  }
  await kernel.close();
  return outcome;
}

/**
 * @typedef {{ engine: import('./engines.mjs').Engine, page: import('./browser.mjs').BenchPage, failed: boolean }} Player
 *
 * @param {import('playwright-core').Browser} browser
 * @param {import('./engines.mjs').Engine} engine
 * @param {'embedder' | 'reranker'} role
 * @param {number} peerBatch
 * @param {Outcome} outcome
 * @returns {Promise<Player | undefined>}
 */
async function start(browser, engine, role, peerBatch, outcome) {
  const page = await openPage(browser, engine);
  try {
    const { adapter, dtype, threads, variant } = engine;
    const { isolated } = await page.call('start', {
      adapter,
      dtype,
      threads,
      variant,
      role,
      batch: peerBatch,
      ...model(role),
    });
    if (isolated !== engine.isolated) throw new Error(`crossOriginIsolated is ${isolated}`);
    return { engine, page, failed: false };
  } catch (error) {
    outcome.failures.push(`${engine.id} could not be started: ${error.message}`);
    await page.close();
    return undefined;
  }
}

/** @param {'embedder' | 'reranker'} role */
function model(role) {
  const { defaults } = JSON.parse(readFileSync(path.join(ROOT, 'models', 'manifest.json'), 'utf8'));
  return { model: defaults[role] };
}

/**
 * Round robin: in each repeat of each workload every engine has its turn, another one first each time.
 *
 * @param {Player[]} players
 * @param {import('./workloads.mjs').Workload[]} workloads
 * @param {import('./browser.mjs').BenchPage} kernel
 * @param {Outcome} outcome
 * @param {(line: string) => void} report
 */
async function play(players, workloads, kernel, outcome, report) {
  /** @type {Map<string, Measurement>} */
  const found = new Map();
  /** @param {Player} player @param {() => Promise<void>} turn */
  const attempt = async (player, turn) => {
    try {
      if (!player.failed) await turn();
    } catch (error) {
      player.failed = true;
      outcome.failures.push(`${player.engine.id} stopped: ${error.message}`);
    }
  };

  for (const player of players) {
    report(`warming up ${player.engine.id}`);
    await attempt(player, async () => void (await sample(player.page, workloads[0].warmUp)));
  }
  const rounds = Math.max(...workloads.map(({ repeats }) => repeats));
  for (let repeat = 0; repeat < rounds; repeat++) {
    await timeKernel(kernel, outcome);
    for (const workload of workloads.filter(({ repeats }) => repeat < repeats)) {
      for (const player of rotate(players, repeat)) {
        await attempt(player, async () => {
          const { engine, page } = player;
          report(`${workload.id}, repeat ${repeat + 1} of ${workload.repeats}: ${engine.id}`);
          const samples = await sample(page, workload.input(repeat));
          const key = `${engine.id} ${workload.id}`;
          const before = found.get(key) ?? { engine, workload, ms: [], tokens: 0, values: [] };
          const tokens = sum(samples.map((one) => one.tokens));
          found.set(key, {
            ...before,
            ms: [...before.ms, ...samples.map(({ ms }) => ms)],
            // Texts that are each a sample differ from repeat to repeat: theirs add up.
            tokens: workload.items === 1 ? sum([before.tokens, tokens]) : tokens,
            values: [...before.values, samples.flatMap(({ values }) => values)],
          });
        });
      }
    }
  }
  for (const { engine, page, failed } of players) {
    if (failed) continue;
    const { memoryBytes } = await page.call('report');
    for (const measurement of found.values())
      if (measurement.engine === engine)
        outcome.measurements.push({ ...measurement, memoryBytes, downloadBytes: page.downloaded() });
  }
}

/**
 * @param {import('./browser.mjs').BenchPage} page
 * @param {import('./workloads.mjs').Input} input
 * @returns {Promise<{ ms: number, values: number[], tokens: number | undefined }[]>}
 */
async function sample(page, input) {
  if ('query' in input) return [await page.call('score', input.query, input.passages)];
  if (!input.each) return [await page.call('embed', input.texts)];
  const samples = [];
  for (const text of input.texts) samples.push(await page.call('embed', [text]));
  return samples;
}

/**
 * @param {import('./browser.mjs').BenchPage} page
 * @param {Outcome} outcome
 */
async function timeKernel(page, outcome) {
  const rates = await page.call('kernelRates', KERNEL_BUDGET_MS);
  for (const [form, rate] of Object.entries(rates))
    outcome.kernelRates[form] = Math.max(rate, outcome.kernelRates[form] ?? 0);
}

/** @template T @param {T[]} list @param {number} by */
const rotate = (list, by) => list.map((_, index) => list[(index + by) % list.length]);

/** @param {(number | undefined)[]} values */
const sum = (values) =>
  values.includes(undefined) ? undefined : values.reduce((total, value) => total + value, 0);
