/**
 * Runs in the page: each search from nothing to its last result, as its documentation says. `reached` is told of each
 * stage that has results.
 */

const RESULTS = 5;

/** What is told of: `window.reached(stage)`, from the benchmark. */
const tell = (stage) => window.reached(stage, performance.now());

async function docsift(question) {
  const { createSearch } = await import('/site/docsift/docsift.js');
  const search = await createSearch({ index: '/site/docsift/index.json' });
  const seen = new Set();
  for await (const { hits, stage, final } of search.stream(question, { limit: RESULTS })) {
    if (hits.length === 0 || (stage === 'reranked' && !final) || seen.has(stage)) continue;
    seen.add(stage);
    await tell(stage);
  }
}

async function pagefind(question) {
  const { search } = await import('/site/pagefind/pagefind.js');
  const { results } = await search(question);
  await Promise.all(results.slice(0, RESULTS).map((result) => result.data()));
  if (results.length > 0) await tell('lexical');
}

/** By meaning alone: the passages and their vectors were made beforehand. */
async function transformers(question) {
  const { embedderOf } = await import('/first-result-transformers.js');
  const [embed, passages, vectors] = await Promise.all([
    embedderOf('all-minilm-l6-v2'),
    fetch('/vectors/passages.json').then((response) => response.json()),
    fetch('/vectors/vectors.f32').then(async (response) => new Float32Array(await response.arrayBuffer())),
  ]);
  const query = await embed(question);
  const scores = passages.map((_, i) =>
    query.reduce((sum, value, at) => sum + value * vectors[i * query.length + at], 0),
  );
  const best = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
  if (passages[best[0]]) await tell('hybrid');
}

/** @param {'docsift' | 'pagefind' | 'transformers'} name */
window.measure = async (name, question) => {
  const started = performance.now();
  await { docsift, pagefind, transformers }[name](question);
  return started;
};
