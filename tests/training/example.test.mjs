/** The example of training/README.md, as it is written there: from pairs to a reranker that answers in Chromium. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ensurePython } from '../../scripts/python.mjs';
import { ROOT, runOrFail } from '../../scripts/steps.mjs';
import { openPackage } from '../browser/support/package.mjs';

const TRAINING = path.join(ROOT, 'training');
const report = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);
const python = await ensurePython(
  path.join(ROOT, 'target', 'training', 'python'),
  path.join(TRAINING, 'requirements.txt'),
  report,
);

/** @param {string[]} args */
const runPython = (...args) =>
  runOrFail(python, ['-m', ...args], { cwd: TRAINING, report, todo: 'read the message above' });

/** The commands of the README that begin a line with `python`, without that word. */
function commandsOfReadme() {
  const readme = readFileSync(path.join(TRAINING, 'README.md'), 'utf8');
  const example = /<!-- example -->\n```sh\n(.*?)```/s.exec(readme)?.[1] ?? '';
  return example
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.startsWith('python -m '))
    .map((line) => line.split(/\s+/).slice(2));
}

test('the parts of the training, and their form', { timeout: 600_000 }, async () => {
  await runPython('ruff', 'check');
  await runPython('ruff', 'format', '--check');
  await runPython('pytest', '-q', 'tests');
});

test('a reranker learns the words of a site, and answers with them in the browser', {
  timeout: 1_800_000,
}, async (t) => {
  mkdirSync(path.join(ROOT, 'target'), { recursive: true });
  const folder = mkdtempSync(path.join(ROOT, 'target', 'example-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const commands = commandsOfReadme();
  assert.deepEqual(
    commands.map(([module, command]) => [module, command]),
    ['mine', 'train', 'pack'].map((command) => ['docsift_training', command]),
  );
  for (const command of commands)
    await runPython(
      ...command.map((word) => word.replace('../target/own', folder)),
      ...(command[1] === 'pack' ? [] : ['--device', 'cpu']),
    );

  const run = JSON.parse(readFileSync(path.join(folder, 'run', 'run.json'), 'utf8'));
  t.diagnostic(`dev nDCG@10 ${run.before} before, ${run.dev['dev_ndcg@10']} after; ${run.minutes} minutes`);
  assert.ok(run.dev['dev_ndcg@10'] > run.before + 0.1, 'queries that were held out are ranked better');
  assert.ok(readFileSync(path.join(folder, 'run', 'curves.png')).length > 1000);

  const readLines = (/** @type {string} */ file) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const heldOut = new Set(readLines(path.join(folder, 'run', 'dev.jsonl')).map(({ q }) => q));
  const asked = readLines(path.join(TRAINING, 'example', 'pairs.jsonl')).filter(({ query }) =>
    heldOut.has(query),
  );
  const documents = readLines(path.join(TRAINING, 'example', 'passages.jsonl')).map((text, i) => {
    const [title, ...body] = text.split('. ');
    return { id: `page-${i}`, title, body: body.join('. ') };
  });
  const { page } = await openPackage(t, { server: { folders: { '/own/': path.join(folder, 'models') } } });
  const rightOf = (/** @type {object | undefined} */ reranker) =>
    page.evaluate(
      async ([reranker, documents, asked]) => {
        const search = await docsift.createSearch({ models: reranker ? { reranker } : {}, workers: 2 });
        await search.add(documents);
        let right = 0;
        for (const { query, passage } of asked) {
          const { hits, stage } = await search.query(query, { limit: 1 });
          if (stage !== 'reranked') throw new Error(`the stage is ${stage}`);
          if (`${hits[0].document.title}. ${hits[0].document.body}` === passage) right += 1;
        }
        search.close();
        return right;
      },
      [reranker, documents, asked],
    );
  const before = await rightOf(undefined);
  const after = await rightOf({ weights: '/own/own.gguf', mixingWeight: 8 });
  t.diagnostic(
    `of ${asked.length} questions that were held out, the first result was right for ${before} before, ${after} after`,
  );
  assert.ok(after >= before + asked.length / 6, `${after} right after training, ${before} before`);
});
