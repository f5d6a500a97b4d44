/**
 * The demo from end to end, as one visitor meets it: the first visit, every judged question typed into the page, a second
 * visit, and a visit with the network off. One page load and one indexing serve all of it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/steps.mjs';
import { makeProfile, openBrowser, startSite } from './harness.mjs';
import { ask, demoReady, workerMemory } from './support/demo.mjs';
import { countTraffic } from './support/traffic.mjs';

const evaluation = (/** @type {string} */ file) =>
  readFileSync(path.join(ROOT, 'tests', 'eval', file), 'utf8');
const QUERIES = evaluation('zulip-help.dev.jsonl')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const REFERENCE = JSON.parse(evaluation('zulip-help.reference.json'));

/** w and s in `(1 − s) × logit + s × logit of the opening + w × fused`. */
const MANIFEST = JSON.parse(readFileSync(path.join(ROOT, 'models', 'manifest.json'), 'utf8'));
const { mixingWeight: WEIGHT, openingShare: SHARE } = MANIFEST.models[MANIFEST.defaults.reranker];

const milliseconds = (/** @type {number} */ time) => `${time.toFixed(0)} ms`;
const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const median = (/** @type {number[]} */ values) => [...values].sort((a, b) => a - b)[values.length >> 1];

test('a visitor of the demo', async (t) => {
  const traffic = countTraffic();
  const site = await startSite(t, { intercept: traffic.intercept });
  const profile = await makeProfile(t);

  const first = await openBrowser(t, { profile, origin: site.url });
  const { page } = first;

  await t.test('first visit: the models arrive and the articles are embedded', async (t) => {
    const started = performance.now();
    await page.goto(site.url);
    assert.equal(await demoReady(page), 'indexed');
    t.diagnostic(
      `ready after ${milliseconds(performance.now() - started)}, ${megabytes(traffic.total())} downloaded`,
    );
    for (const [url, bytes] of traffic.bytes) if (bytes > 1e5) t.diagnostic(`${url}: ${megabytes(bytes)}`);
    assert.match(await page.locator('#stats').textContent(), /176 articles in 704 passages.*network off/);
  });

  await t.test('every judged question finds what PyTorch finds', async (t) => {
    let hits = 0;
    const paints = [];
    const ends = [];
    for (const [i, { qid, query, relevant }] of QUERIES.entries()) {
      const reference = REFERENCE.queries[i];
      assert.equal(reference.qid, qid);
      const { stages, ids } = await ask(page, query);
      const answers = relevant.filter(({ grade }) => grade === 2).map(({ id }) => id);
      const place = ids.findIndex((id) => answers.includes(id)) + 1;
      if (place > 0) hits += 1;

      const names = stages.map(({ stage }) => stage);
      assert.deepEqual([...new Set(names)], ['lexical', 'hybrid', 'reranked'], query);
      const hybrid = stages.find(({ stage }) => stage === 'hybrid');
      const reranked = stages.at(-1);
      assert.ok(
        hybrid.painted < reranked.shown,
        `${query}: painted at ${hybrid.painted} ms, all read at ${reranked.shown} ms`,
      );
      paints.push(hybrid.painted);
      ends.push(reranked.shown);
      const same = ids.filter((id) => reference.top.includes(id)).length;
      t.diagnostic(
        `${qid}: ${place > 0 ? `place ${place}` : 'miss'} (PyTorch: ${reference.hit ? 'hit' : 'miss'}, ${same} of 5 the same); ` +
          `painted ${milliseconds(hybrid.painted)}, reranked ${milliseconds(reranked.shown)}`,
      );
    }
    t.diagnostic(
      `right article among the first 5: ${hits} of ${QUERIES.length}; PyTorch: ${REFERENCE.totals.hits}`,
    );
    t.diagnostic(`median: painted ${milliseconds(median(paints))}, reranked ${milliseconds(median(ends))}`);
    assert.ok(hits >= REFERENCE.totals.hits, `${hits} hits, PyTorch has ${REFERENCE.totals.hits}`);
  });

  await t.test('the order is by logits and w × fused score, and the panel shows all candidates', async () => {
    await page.locator('#trace summary').click();
    assert.equal(await page.locator('#moves path').count(), 50);
    assert.match(await page.locator('#story').textContent(), /passages read with the question in/);
    const rows = await page
      .locator('#trace tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => [...row.querySelectorAll('td')].slice(-5).map((cell) => Number(cell.textContent))),
      );
    assert.equal(rows.length, 50);
    const isRead = (/** @type {number[]} */ row) => !Number.isNaN(row[3]);
    for (const [fused, cross, opening, final] of rows.map((row) => row.slice(1))) {
      const logit = Number.isNaN(opening) ? cross : (1 - SHARE) * cross + SHARE * opening;
      // The cells are rounded: the fused score to 3 digits, the others to 2.
      const rounding = WEIGHT * 0.0005 + 0.01;
      assert.ok(
        Math.abs(logit + WEIGHT * fused - final) <= rounding,
        `${logit} + ${WEIGHT} × ${fused} = ${final}`,
      );
    }
    // Those whose documents' openings were read come first.
    const read = rows.filter(isRead);
    assert.ok(read.length >= 10 && read.length < rows.length);
    for (const part of [rows.slice(0, read.length), rows.slice(read.length)]) {
      const finals = part.map((row) => row[4]);
      assert.deepEqual(
        finals,
        [...finals].sort((a, b) => b - a),
      );
    }
    assert.deepEqual(rows.slice(0, read.length), read);
  });

  await t.test('memory stays small', async (t) => {
    const memory = await workerMemory(page);
    t.diagnostic(`peak WebAssembly memory of each worker: ${memory.map(megabytes).join(', ')}`);
    assert.ok(memory.length > 0 && memory.every((bytes) => bytes > 0 && bytes < 256e6));
  });

  await t.test('second visit: nothing is downloaded or embedded again', async (t) => {
    traffic.clear();
    const started = performance.now();
    await page.goto(site.url);
    assert.equal(await demoReady(page), 'restored');
    t.diagnostic(
      `ready after ${milliseconds(performance.now() - started)}, ${megabytes(traffic.total())} downloaded`,
    );
    assert.deepEqual(
      [...traffic.requests.keys()].filter((url) => /\.(gguf|wasm)$/.test(url)),
      [],
    );
  });
  await first.close();

  await t.test('third visit: no network, no HTTP cache', async (t) => {
    await site.close();
    await rm(path.join(profile, 'Default', 'Cache'), { recursive: true, force: true });
    const { page } = await openBrowser(t, {
      profile,
      origin: site.url,
      flags: ['--disk-cache-size=1'],
      // What the page asks the server first, to see whether there is something newer.
      expected: [/^console: Failed to load resource: net::ERR_CONNECTION_REFUSED /],
    });
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
    await page.goto(site.url);
    assert.equal(await demoReady(page), 'restored');
    const { query, relevant } = QUERIES[0];
    const { stages, ids } = await ask(page, query);
    assert.equal(stages.at(-1).stage, 'reranked');
    assert.ok(ids.includes(relevant[0].id));
    await assert.rejects(fetch(site.url), 'the server is off');
  });
});
