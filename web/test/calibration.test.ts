/** Probabilities of results, and what is left out for want of them. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type Calibrations, probabilityOf, withScores } from '../src/calibration.js';
import type { Candidate } from '../src/engine/protocol.js';
import { createSearch, type QueryResult, type SearchOptions } from '../src/index.js';
import { rank } from '../src/ranking.js';
import { type FakeBrowser, installBrowser, MANIFEST } from './support/fake-browser.js';
import { all, code, DOCUMENTS, start } from './support/queries.js';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installBrowser();
});

const FUSED = { slope: 10, intercept: -5 };
const RERANKED = { slope: 0.5, intercept: -2 };
const calibrations: Calibrations = { fused: FUSED, reranked: RERANKED, openingShare: 0, mixingWeight: 2 };

function candidate(documentId: string, cosine: number | undefined): Candidate {
  const identity = { passageId: 0, documentId, text: documentId, input: documentId, hash: documentId };
  return { ...identity, tokens: 10, cosine, bm25: 1, boost: 0, fused: cosine ?? 0.2 };
}
const candidates = [candidate('a', 0.9), candidate('b', 0.6), candidate('c', 0.3)];
const scoresOf = (logits: (number | undefined)[], given: Partial<Calibrations> = {}, found = candidates) => {
  const used = { ...calibrations, ...given };
  return withScores(rank(found, logits, used.mixingWeight), used).map(({ score }) => score);
};

test('a probability is the logistic function of the score that orders', () => {
  assert.equal(probabilityOf({ slope: 2, intercept: -3 }, 1.5), 0.5);
  assert.ok(Math.abs(probabilityOf({ slope: 1, intercept: 0 }, 2) - 0.880797) < 1e-6);
  assert.equal(probabilityOf({ slope: 1, intercept: 0 }, 1000), 1);
  assert.equal(probabilityOf({ slope: 1, intercept: 0 }, -1000), 0);
});

test('each stage has the calibration of its model', () => {
  assert.deepEqual(
    scoresOf([]),
    [0.9, 0.6, 0.3].map((fused) => probabilityOf(FUSED, fused)),
  );
  assert.deepEqual(
    scoresOf([1, 5, 3]),
    [5 + 1.2, 3 + 0.6, 1 + 1.8].map((final) => probabilityOf(RERANKED, final)),
  );
});

test('where a part was reranked, the rest is no likelier than that', () => {
  const scores = scoresOf([-4, undefined, undefined]);
  const least = probabilityOf(RERANKED, -4 + 1.8);
  assert.ok(probabilityOf(FUSED, 0.6) > least, 'by itself it would be likelier');
  assert.deepEqual(scores, [least, least, Math.min(least, probabilityOf(FUSED, 0.3))]);
  assert.deepEqual(scoresOf([-4, undefined, undefined], { fused: undefined, mixingWeight: 0 }), [
    probabilityOf(RERANKED, -4),
    probabilityOf(RERANKED, -4),
    probabilityOf(RERANKED, -4),
  ]);
});

test('scores of another scale than was calibrated have no probability', () => {
  const none = [undefined, undefined, undefined];
  assert.deepEqual(scoresOf([], { fused: undefined }), none);
  assert.deepEqual(scoresOf([1, 5, 3], { reranked: undefined }), none);
  assert.deepEqual(scoresOf([1, 5, 3], { fused: undefined }), none, 'the fused score takes part');
  assert.ok(scoresOf([1, 5, 3], { fused: undefined, mixingWeight: 0 })[0], 'the logit alone');
  const byWords = ['a', 'b', 'c'].map((id) => candidate(id, undefined));
  assert.deepEqual(scoresOf([], {}, byWords), none);
  assert.deepEqual(scoresOf([1, 5, 3], {}, byWords), none);
});

/** The models of the tests, calibrated. */
function calibrate(embedder: object | undefined, reranker: object | undefined): void {
  const { mini, cross } = MANIFEST.models;
  const models = {
    ...MANIFEST.models,
    mini: { ...mini, calibration: embedder },
    cross: { ...cross, calibration: reranker },
  };
  browser.manifest = JSON.stringify({ ...MANIFEST, models });
}

const QUERY = 'lost password';
async function resultsOf(options = {}, search: SearchOptions = {}): Promise<QueryResult[]> {
  const started = await start(search);
  try {
    await started.add(DOCUMENTS);
    return await all(started.stream(QUERY, { trace: true, ...options }));
  } finally {
    started.close();
  }
}

test('results and traces have probabilities that fall with rank, but for those by words', async () => {
  calibrate(FUSED, RERANKED);
  const results = await resultsOf();
  const stages = new Set(results.map(({ stage }) => stage));
  assert.deepEqual([...stages], ['lexical', 'hybrid', 'reranked']);
  for (const { stage, hits, trace } of results) {
    const { slope, intercept } = stage === 'hybrid' ? FUSED : RERANKED;
    const [first] = hits;
    assert.ok(first);
    if (stage === 'lexical') {
      assert.deepEqual([first.score, trace?.candidates[0]?.score], [undefined, undefined]);
      continue;
    }
    assert.equal(first.score, 1 / (1 + Math.exp(-(slope * first.scores.final + intercept))));
    const scores = hits.map(({ score }) => score as number);
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => b - a),
    );
    for (const { documentId, score } of trace?.candidates ?? [])
      assert.equal(score, hits.find(({ id }) => id === documentId)?.score);
  }
});

test('minScore leaves out what is less likely, and the result says so', async () => {
  calibrate(FUSED, RERANKED);
  const scores = (await resultsOf()).at(-1)?.hits.map(({ score }) => score as number) ?? [];
  assert.equal(scores.length, 3);
  const between = ((scores[0] as number) + (scores[1] as number)) / 2;
  const some = (await resultsOf({ minScore: between })).at(-1);
  assert.deepEqual([some?.hits.length, some?.counts.belowMinScore], [1, 2]);
  const exact = (await resultsOf({ minScore: scores[1] })).at(-1);
  assert.deepEqual([exact?.hits.length, exact?.counts.belowMinScore], [2, 1], 'what is as likely stays');
  const none = await resultsOf({ minScore: 1, limit: 2 });
  const [words, last] = [none[0], none.at(-1)];
  assert.deepEqual(
    [words?.stage, words?.hits.length, words?.counts.belowMinScore],
    ['lexical', 1, undefined],
  );
  assert.deepEqual([last?.hits.length, last?.counts.belowMinScore], [0, 2], 'of those that would be shown');
  assert.equal((await resultsOf()).at(-1)?.counts.belowMinScore, undefined);
  assert.equal((await resultsOf({ minScore: 0 })).at(-1)?.counts.belowMinScore, 0);
});

test('minScore is without effect where the model of the last stage has no calibration', async () => {
  calibrate(FUSED, undefined);
  const last = (await resultsOf({ minScore: 1 })).at(-1);
  assert.deepEqual([last?.stage, last?.hits.length, last?.counts.belowMinScore], ['reranked', 3, undefined]);
  assert.equal(last?.hits[0]?.score, undefined);
  calibrate(FUSED, RERANKED);
  const broken = (await resultsOf({ minScore: 1 }, { models: { reranker: 'refused' } })).at(-1);
  assert.deepEqual([broken?.stage, broken?.hits.length], ['hybrid', 0], 'the stage before still has one');
  const reranker = () => [3, 2, 1];
  const own = (await resultsOf({ minScore: 1 }, { reranker })).at(-1);
  assert.deepEqual([own?.stage, own?.hits.length, own?.hits[0]?.score], ['reranked', 3, undefined]);
});

test('a minScore that makes no sense is refused', async () => {
  const search = await start();
  for (const minScore of [-0.1, 1.1, Number.NaN, '0.5', null])
    await assert.rejects(search.query(QUERY, { minScore: minScore as number }), code('invalid_input'));
  search.close();
});

test('explain tells of what minScore leaves out', async () => {
  calibrate(FUSED, RERANKED);
  const search = await start();
  await search.add(DOCUMENTS);
  const explanation = await search.explain(QUERY, 'invite', { minScore: 1 });
  assert.ok(explanation.verdict === 'below_min_score');
  assert.match(
    explanation.message,
    /^It is in place \d, and is left out: its score, 0\.\d{3}, is below 1; .*\.$/,
  );
  assert.equal((await search.explain(QUERY, 'invite', { minScore: 0 })).verdict, 'found');
  search.close();
});

test('models of one’s own bring a calibration, which is checked', async () => {
  const weights = 'https://example.org/models/mini.gguf';
  const models = (calibration: unknown) => ({ embedder: { weights, calibration }, reranker: false });
  const last = (await resultsOf({}, { models: models(FUSED) } as SearchOptions)).at(-1);
  assert.equal(last?.hits[0]?.score, probabilityOf(FUSED, last?.hits[0]?.scores.final as number));
  for (const wrong of [{ slope: 0, intercept: 1 }, { slope: 1 }, { slope: '1', intercept: 0 }, 5, null]) {
    const options = { modelBaseUrl: 'https://example.org/models', models: models(wrong) } as SearchOptions;
    await assert.rejects(async () => {
      const search = await createSearch(options);
      await search.add(DOCUMENTS).finally(() => search.close());
    }, code('invalid_options'));
  }
});
