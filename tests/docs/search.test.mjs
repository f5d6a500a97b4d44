/** docsift finds its own documentation. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { createSearch } from '../../dist/node.js';
import { ROOT } from '../../scripts/steps.mjs';
import { docsift, scratch } from '../cli/support.mjs';

/** Questions in other words than the pages', and the page that answers each. */
const QUESTIONS = {
  'change the colours of the dialog': 'theming',
  'does it work for pages in German': 'languages',
  'how do I find out whether the results are any good': 'evaluation',
  'will it write answers like a chatbot': 'non-goals',
  'which security headers must my server send': 'csp',
  'use it in a React component': 'getting-started',
  'searching on a plane without internet': 'hosting',
  'why does an article come before another': 'ranking',
};
/** How many of them must have it among the first three. */
const ENOUGH = 7;

test('questions about docsift are answered from docs/', { timeout: 400_000 }, async (t) => {
  const out = path.join(await scratch(t), 'docsift');
  const made = await docsift(['index', path.join(ROOT, 'docs'), '--out', out, '--no-runtime']);
  assert.equal(made.code, 0, made.stderr);
  t.diagnostic(made.stderr.trim().split('\n').at(-1) ?? '');
  const search = await createSearch({ index: path.join(out, 'index.json') });
  t.after(() => search.close());
  let found = 0;
  for (const [question, page] of Object.entries(QUESTIONS)) {
    const { hits, stage } = await search.query(question, { limit: 3 });
    assert.equal(stage, 'reranked');
    const ids = hits.map(({ id }) => id);
    t.diagnostic(`${question}: ${ids.join(' ')}`);
    if (ids.includes(`/${page}`)) found += 1;
  }
  assert.ok(
    found >= ENOUGH,
    `${found} of ${Object.keys(QUESTIONS).length} questions are answered; at least ${ENOUGH}`,
  );
});
