/** `docsift index` and `docsift search`, with the default models, over a small folder of Markdown. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../../scripts/steps.mjs';
import { docsift, scratch } from './support.mjs';

/**
 * The index of the fixture, in a folder of its own.
 *
 * @param {import('node:test').TestContext} t
 */
async function indexed(t) {
  const site = await scratch(t, 'markdown');
  const out = path.join(await scratch(t), 'search');
  const run = (/** @type {string[]} */ ...options) => docsift(['index', site, '--out', out, ...options]);
  const first = await run('--no-runtime');
  assert.equal(first.code, 0, first.stderr);
  return { site, out, run, first };
}

/**
 * @param {string} out
 * @param {string} query
 * @param {string[]} options
 */
async function find(out, query, ...options) {
  const { code, stdout, stderr } = await docsift(['search', query, '--index', out, '--json', ...options]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/**
 * The files of an index, by name.
 *
 * @param {string} out
 */
async function contents(out) {
  const names = (await readdir(out)).sort();
  return Promise.all(
    names.map(async (name) => [name, (await readFile(path.join(out, name))).toString('latin1')]),
  );
}

test('finds what it indexed, by meaning, and names the heading to link to', async (t) => {
  const { out, first } = await indexed(t);
  assert.match(first.stderr, /^4 pages, \d+ passages: 4 new$/m);
  assert.match(first.stderr, /^left out: 1 excluded$/m);

  const limit = await find(out, 'how many of them fit into one garden');
  assert.equal(limit.stage, 'reranked');
  assert.equal(limit.hits[0].id, '/reference/limits');
  assert.equal(limit.hits[0].document.section, 'Reference');

  const photo = await find(out, 'recognise what is in my photo');
  assert.equal(photo.hits[0].id, '/guides/02-add-a-plant');
  assert.equal(photo.hits[0].passage.anchor, 'picture');

  const table = await docsift(['search', 'watering times', '--index', out, '--trace']);
  assert.match(table.stdout, /^1\. Larkspur help/);
  assert.match(table.stdout, /^rank +was +cosine +bm25 +fused +cross +final +score +passage$/m);
  assert.match(table.stdout, /^1\. Larkspur help.*\(\d+\.\d\d, \d+ %/);
  const unlikely = await docsift(['search', 'watering times', '--index', out, '--min-score', '1']);
  assert.deepEqual([unlikely.code, unlikely.stdout.trim()], [1, 'Nothing here answers that.']);
});

test('leaves reranking out, and gives no more documents than asked for', async (t) => {
  const { out } = await indexed(t);
  const result = await find(out, 'import a list', '--no-rerank', '--limit', '1');
  assert.equal(result.stage, 'hybrid');
  assert.equal(result.hits.length, 1);
  assert.equal(result.counts.reranked, 0);
});

test('embeds nothing in a second run', async (t) => {
  const { out, run } = await indexed(t);
  const before = await contents(out);
  const { code, stderr } = await run('--no-runtime');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /: 4 unchanged$/m);
  assert.match(stderr, /^0 passages embedded/m);
  assert.deepEqual(await contents(out), before);
});

test('embeds only what has changed', async (t) => {
  const { site, out, run } = await indexed(t);
  await writeFile(path.join(site, 'new.md'), '# Frost\n\nBring the pots inside before the first frost.\n');
  await rm(path.join(site, 'README.md'));
  const limits = path.join(site, 'reference', 'limits.md');
  await writeFile(limits, `${await readFile(limits, 'utf8')}\n\n## Gardens\n\nYou may keep eight gardens.\n`);
  const { code, stderr } = await run('--no-runtime');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^4 pages, \d+ passages: 1 new, 1 changed, 1 removed, 2 unchanged$/m);
  assert.match(
    stderr,
    /^2 passages embedded/m,
    'the new page and the new section; the old section reads the same',
  );
  assert.equal((await find(out, 'cold nights')).hits[0].id, '/new');
  assert.equal((await find(out, 'number of gardens')).hits[0].passage.anchor, 'gardens');
  const { trace } = await find(out, 'watering times of plants', '--trace');
  assert.ok(
    !trace.candidates.some((/** @type {{ documentId: string }} */ { documentId }) => documentId === '/'),
  );
});

test('leaves the earlier index as it was when a file cannot be read', async (t) => {
  const { site, out, run } = await indexed(t);
  const before = await contents(out);
  await writeFile(path.join(site, 'broken.md'), '---\ntitle: [\n---\nText.\n');
  await writeFile(path.join(site, 'new.md'), '# Frost\n\nBring the pots inside.\n');
  const failed = await run('--no-runtime');
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /^docsift: unreadable: broken\.md: /m);
  assert.match(failed.stderr, /^docsift: 1 of the files cannot be indexed; .*--keep-going$/m);
  assert.deepEqual(await contents(out), before);

  const kept = await run('--no-runtime', '--keep-going');
  assert.equal(kept.code, 0, kept.stderr);
  assert.match(kept.stderr, /: 1 new, 4 unchanged$/m);
});

test('names every page that has more text than the engine takes, and leaves it out where asked to', async (t) => {
  const { site, run } = await indexed(t);
  const write = (/** @type {string} */ name, /** @type {string} */ text) =>
    writeFile(path.join(site, name), text);
  await write('most.md', `# ${'é'.repeat(1000)}\n\nA title of 2,000 bytes.\n`);
  await write('title.md', `# ${'é'.repeat(1001)}\n\nA title of more.\n`);
  await write('body.md', `# Body\n\n${'words '.repeat(350_000)}\n`);
  const failed = await run('--no-runtime');
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /^docsift: too much text: title\.md: .* 2002 bytes, expected at most 2000/m);
  assert.match(failed.stderr, /^docsift: too much text: body\.md: .* expected at most 2000000/m);
  assert.match(failed.stderr, /^docsift: 2 of the files cannot be indexed/m);

  const kept = await run('--no-runtime', '--keep-going');
  assert.equal(kept.code, 0, kept.stderr);
  assert.match(kept.stderr, /: 1 new, 4 unchanged$/m);
});

/** Changes one bit of a file. */
async function flip(/** @type {string} */ file) {
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(file, bytes);
}

test('makes a damaged index anew', async (t) => {
  const { out, run } = await indexed(t);
  const before = await contents(out);
  for (const kind of ['documents', 'lexical', 'vectors', 'texts']) {
    const name = /** @type {string} */ ((await readdir(out)).find((name) => name.startsWith(`${kind}.`)));
    const file = path.join(out, name);
    if (kind === 'vectors') await rm(file);
    else if (kind === 'texts') await flip(file);
    else await truncate(file, 30);
    const search = await docsift(['search', 'picture', '--index', out]);
    assert.match(`${search.stdout}${search.stderr}`, new RegExp(name.replaceAll('.', '\\.')), 'it is named');
    const { code, stderr } = await run('--no-runtime');
    assert.equal(code, 0, stderr);
    assert.match(stderr, /: 4 new$/m, kind);
    assert.deepEqual(await contents(out), before, kind);
  }
  await writeFile(path.join(out, 'index.json'), '{"format":"docsift-index","version":1}');
  const older = await docsift(['search', 'picture', '--index', out]);
  assert.equal(older.code, 1);
  assert.match(older.stderr, /index\.json: expected version 2, found 1; .*make it anew/);
  assert.match((await run('--no-runtime')).stderr, /: 4 new$/m);
  assert.equal((await find(out, 'how many plants fit into a garden')).hits[0].id, '/reference/limits');
});

test('names parts by their content, and leaves those that have not changed as they are', async (t) => {
  const site = await scratch(t);
  const out = path.join(await scratch(t), 'search');
  const page = (/** @type {number} */ n, text = 'Water it when the soil is dry.') =>
    writeFile(path.join(site, `${n}.md`), `# Plant ${n}\n\n${`${text} Number ${n}. `.repeat(110)}\n`);
  for (let n = 0; n < 30; n += 1) await page(n);
  const run = async () => {
    const { code, stderr } = await docsift(['index', site, '--out', out, '--no-runtime']);
    assert.equal(code, 0, stderr);
    const { parts } = JSON.parse(await readFile(path.join(out, 'index.json'), 'utf8'));
    const names = (await readdir(out)).filter((name) => name.endsWith('.bin')).sort();
    assert.deepEqual(
      names,
      Object.values(parts)
        .flat()
        .map(({ file }) => file)
        .sort(),
    );
    return parts;
  };
  const before = await run();
  for (const [kind, parts] of Object.entries(before))
    for (const { file, bytes, sha256 } of parts) {
      const content = gunzipSync(await readFile(path.join(out, file)));
      const hash = createHash('sha256').update(content).digest('hex');
      assert.deepEqual([content.length, hash, file], [bytes, sha256, `${kind}.${hash.slice(0, 16)}.bin`]);
    }
  assert.ok(before.texts.length > 2 && before.texts.every(({ bytes }) => bytes < 70_000));
  await page(7, 'It wants shade.');
  const after = await run();
  const known = new Set(before.texts.map(({ file }) => file));
  const changed = after.texts.filter(({ file }) => !known.has(file));
  assert.ok(changed.length > 0 && changed.length < after.texts.length, `${changed.length} have changed`);
});

test('writes what a site needs, and nothing that only Node does', async (t) => {
  const { out, run } = await indexed(t);
  const { code, stderr } = await run();
  assert.equal(code, 0, stderr);
  const names = await readdir(out);
  for (const name of [
    'docsift.js',
    'worker.js',
    'docsift-sw.js',
    'docsift-simd128.wasm',
    'docsift-relaxed.wasm',
    'THIRD-PARTY-LICENSES',
  ])
    assert.ok(names.includes(name), name);
  assert.deepEqual(
    names.filter((name) => /^(cli|node|eval)|\.map$/.test(name)),
    [],
  );
  const manifest = JSON.parse(await readFile(path.join(out, 'models', 'manifest.json'), 'utf8'));
  const { models, ...original } = JSON.parse(
    await readFile(path.join(ROOT, 'models', 'manifest.json'), 'utf8'),
  );
  const used = Object.values(original.defaults).map((id) => [id, models[id]]);
  assert.deepEqual(manifest, { ...original, models: Object.fromEntries(used) });
  const files = Object.values(manifest.models).map(({ file }) => file);
  assert.deepEqual((await readdir(path.join(out, 'models'))).sort(), [...files, 'manifest.json'].sort());

  const bare = path.join(await scratch(t), 'search');
  const light = await docsift([
    'index',
    path.join(ROOT, 'tests/fixtures/sites/markdown'),
    '-o',
    bare,
    '--no-models',
  ]);
  assert.equal(light.code, 0, light.stderr);
  assert.ok(!(await readdir(bare)).includes('models'));
});

test('deploys the reranker that is named, with the embedder whose words it needs', async (t) => {
  const out = path.join(await scratch(t), 'search');
  const site = path.join(ROOT, 'tests/fixtures/sites/markdown');
  const { code, stderr } = await docsift(['index', site, '-o', out, '--reranker', 'docsift-rerank-l2']);
  assert.equal(code, 0, stderr);
  const { defaults, models } = JSON.parse(await readFile(path.join(out, 'models', 'manifest.json'), 'utf8'));
  assert.deepEqual(defaults, { embedder: 'all-minilm-l6-v2', reranker: 'docsift-rerank-l2' });
  assert.deepEqual(Object.keys(models), ['all-minilm-l6-v2', 'docsift-rerank-l2']);
  const found = await docsift(['search', 'watering times', '-i', out, '--json']);
  assert.equal(JSON.parse(found.stdout).stage, 'reranked', found.stderr);
});

test('puts a built site’s index into the site, and does not read it as a page', async (t) => {
  const site = await scratch(t, 'vitepress');
  const once = await docsift(['index', site]);
  assert.equal(once.code, 0, once.stderr);
  assert.ok((await readdir(path.join(site, 'docsift'))).includes('docsift.js'));
  await writeFile(path.join(site, 'docsift', 'stray.html'), '<title>Stray</title><main>Not a page.</main>');
  const twice = await docsift(['index', site]);
  assert.match(twice.stderr, /^1 page, \d+ passages: 1 unchanged$/m);
});

test('indexes again when a file changes', { timeout: 120_000 }, async (t) => {
  const { site, out } = await indexed(t);
  const watching = spawn(process.execPath, [
    path.join(ROOT, 'dist', 'cli.js'),
    ...['index', site, '--out', out, '--watch'],
  ]);
  t.after(() => watching.kill('SIGKILL'));
  let said = '';
  /** @param {RegExp} pattern */
  const hears = (pattern) =>
    new Promise((resolve, reject) => {
      const look = () => pattern.test(said) && resolve(undefined);
      watching.stderr.on('data', look);
      watching.on('exit', () => reject(new Error(`it ended, having said: ${said}`)));
      look();
    });
  watching.stderr.on('data', (data) => {
    said += data;
  });
  await hears(/: 4 unchanged/);
  // The runtime and the models are being copied: nothing that changes meanwhile is missed.
  await writeFile(path.join(site, 'early.md'), '# Rain\n\nA wet week needs no watering.\n');
  await hears(/Watching for changes/);
  await hears(/: 1 new, 4 unchanged/);
  await writeFile(path.join(site, 'broken.md'), '---\ntitle: [\n---\n');
  await hears(/docsift: 1 of the files cannot be indexed/);
  await rm(path.join(site, 'broken.md'));
  await writeFile(path.join(site, 'new.md'), '# Frost\n\nBring the pots inside before the first frost.\n');
  await hears(/: 1 new, 5 unchanged/);
  assert.equal((await find(out, 'cold nights')).hits[0].id, '/new');
});
