/**
 * `npm run bench:profile`: where the time of W1 and W2 goes, function by function, as Chromium's sampling profiler sees
 * it, beside the rate of the innermost loops by themselves. README.md beside this file says how to read it.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBrowser } from '../scripts/browser.mjs';
import { buildNamed } from '../scripts/build-wasm.mjs';
import { serve } from '../scripts/serve.mjs';
import { setUpBuild } from '../scripts/setup.mjs';
import { ROOT, runMain, step } from '../scripts/steps.mjs';
import { MACS_PER_TOKEN, readWorkloads } from './lib/workloads.mjs';

const OUT = path.join(ROOT, 'target', 'bench', 'profile');
const SAMPLE_US = 200;
/** Rounds before and within a profile. */
const ROUNDS = { W1: 4, W2: 30 };

/** Which part of the engine a function belongs to: the first whose pattern its name matches. */
const PARTS = [
  ['linear layers, quantizing included', /kernel::linear/],
  ['attention', /kernel::attention/],
  ['GELU', /kernel::feed_forward|kernel::activation/],
  ['layer norm', /kernel::layer_norm/],
  ['tokenizing', /tokeniz|unicode|normaliz|WordPiece/i],
  ['not the engine', /^\((idle|program|garbage collector)\)$/],
];
const REST = 'embeddings, the head, and the rest';

await runMain(async () => {
  const tools = await setUpBuild();
  const { executable } = await ensureBrowser();
  await buildNamed(tools, OUT);

  // It imports an npm package, which the set-up installs.
  const { openBrowser } = await import('./lib/browser.mjs');
  writeFileSync(path.join(OUT, 'index.html'), '<!doctype html><title>profile</title>');
  const site = await serve({ port: 0, folders: { '/': OUT, '/models/': path.join(ROOT, 'models') } });
  const browser = await openBrowser(executable);
  try {
    const page = await browser.newPage();
    await page.goto(site.url);
    await step('Load the models', () => page.evaluate(load));
    const rates = await page.evaluate(() => globalThis.Engine.kernelRates(300));
    const best = Math.max(...Object.values(rates));
    console.log(`\nInnermost loops by themselves: ${best.toFixed(1)} GMAC/s\n`);
    for (const { id, tokens, input, repeats } of readWorkloads({ repeats: 1, quick: false })) {
      if (!(id in ROUNDS)) continue;
      const profile = await step(`Profile ${id}`, () => measure(page, input(0), ROUNDS[id]));
      const share = input(0).each ? 1 / repeats : 1;
      print(id, profile, tokens * share * ROUNDS[id]);
    }
  } finally {
    await browser.close();
    await site.close();
  }
});

/** In the page: an engine with both models, on the page's own thread, where the profiler sees it. */
async function load() {
  const { default: init, Engine } = await import('/docsift.js');
  await init();
  const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
  const { defaults, models } = await (await fetch('/models/manifest.json')).json();
  const file = (role) => bytes(`/models/${models[defaults[role]].file}`);
  const engine = new Engine();
  engine.loadEmbedder(await file('embedder'), undefined, undefined, 'int8');
  engine.loadReranker(await file('reranker'), undefined, undefined, 'int8');
  Object.assign(globalThis, { Engine, engine });
}

/** In the page: one workload, over and over. Passages go in fours, about as the workers get them. */
function work({ input, rounds }) {
  const { engine } = globalThis;
  for (let round = 0; round < rounds; round++) {
    const texts = input.passages ?? input.texts;
    const step = input.passages ? 4 : 1;
    for (let at = 0; at < texts.length; at += step) {
      const some = texts.slice(at, at + step);
      if (input.passages) engine.score(input.query, some);
      else engine.embed(some);
    }
  }
}

/**
 * @param {import('playwright-core').Page} page
 * @param {import('./lib/workloads.mjs').Input} input
 * @param {number} rounds
 * @returns {Promise<Map<string, number>>} milliseconds by part
 */
async function measure(page, input, rounds) {
  // The browser optimises the code in these.
  await page.evaluate(work, { input, rounds });
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: SAMPLE_US });
  await session.send('Profiler.start');
  await page.evaluate(work, { input, rounds });
  const { profile } = await session.send('Profiler.stop');
  await session.detach();
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  const parts = new Map();
  profile.samples.forEach((node, index) => {
    const name = names.get(node) ?? '';
    const part = PARTS.find(([, pattern]) => pattern.test(name))?.[0] ?? REST;
    parts.set(part, (parts.get(part) ?? 0) + profile.timeDeltas[index] / 1e3);
  });
  return parts;
}

/**
 * @param {string} id
 * @param {Map<string, number>} parts
 * @param {number} tokens in all rounds
 */
function print(id, parts, tokens) {
  const rounds = ROUNDS[id];
  const total = [...parts.values()].reduce((sum, ms) => sum + ms, 0);
  const rate = (ms) => ((tokens * MACS_PER_TOKEN) / ms / 1e6).toFixed(1);
  console.log(`\n${id}: ${(total / rounds).toFixed(1)} ms a round, ${rate(total)} GMAC/s`);
  for (const [part, ms] of [...parts].sort((a, b) => b[1] - a[1])) {
    const note = part.startsWith('linear') ? `, ${rate(ms)} GMAC/s by itself` : '';
    console.log(`${((100 * ms) / total).toFixed(1).padStart(6)} %  ${part}${note}`);
  }
}
