import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mock, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type IndexManifest, parseIndexManifest, SiteIndex } from '../src/site-index.js';
import { fakeNetwork } from './support/fake-network.js';

const URL_ = 'https://example.org/docsift/index.json';
const kinds = ['documents', 'lexical', 'vectors', 'texts'] as const;
type Files = Record<(typeof kinds)[number], string>;

/** A manifest of one part of each kind, with these contents. */
function manifestOf(contents: Files): IndexManifest {
  const parts = kinds.map((kind) => {
    const sha256 = createHash('sha256').update(contents[kind]).digest('hex');
    const part = { file: `${kind}.${sha256.slice(0, 16)}.bin`, bytes: contents[kind].length, sha256 };
    return [kind, [part]];
  });
  return {
    ...{ format: 'docsift-index', version: 2, documents: 2, passages: 5 },
    model: { id: 'all-minilm-l6-v2', fingerprint: '0123456789abcdef' },
    parts: Object.fromEntries(parts),
  };
}

const OLD = { documents: 'old documents', lexical: 'old words', vectors: 'vectors', texts: 'texts' };
const NEW = { ...OLD, documents: 'new documents', lexical: 'new words' };
const GOOD = manifestOf(NEW);
const parse = (json: unknown) => parseIndexManifest(JSON.stringify(json), '/docsift/index.json');
const texts = (parts: Uint8Array[]) => parts.map((part) => new TextDecoder().decode(part));

/** A site that serves an index; what is in `broken` instead of the part of that kind, where it is. */
function site(contents: Files, broken: Partial<Files> = {}) {
  const manifest = manifestOf(contents);
  const files = new Map([['index.json', JSON.stringify(manifest)]]);
  for (const kind of kinds)
    files.set(manifest.parts[kind][0]?.file as string, broken[kind] ?? contents[kind]);
  return files;
}

/** A network with a Cache API whose site can be replaced. */
function network(files: Map<string, string | Uint8Array<ArrayBuffer>>) {
  const { requests: _, ...fake } = fakeNetwork();
  const requests: string[] = [];
  const fetchFile = async (url: string) => {
    const name = url.split('/').pop() as string;
    requests.push(name);
    const content = served.files.get(name);
    return content === undefined ? new Response('no', { status: 404 }) : new Response(content);
  };
  const served: typeof fake & { files: typeof files; requests: string[] } = {
    ...{ ...fake, files },
    requests,
    fetch: fetchFile as typeof fetch,
  };
  return served;
}

const open = (from: ReturnType<typeof network>, address = URL_, cache = true) =>
  SiteIndex.open(address, { cache, onProgress: () => {} }, from);

test('the manifest of an index is read', () => {
  assert.deepEqual(parse(GOOD), GOOD);
});

test('what is no manifest of an index is refused, and said why', () => {
  const refused = (json: unknown, message: RegExp) =>
    assert.throws(() => parse(json), { code: 'invalid_index', message });
  const withPart = (change: object) => {
    const [part] = GOOD.parts.texts;
    return { ...GOOD, parts: { ...GOOD.parts, texts: [{ ...part, ...change }] } };
  };
  refused([], /index\.json: expected the format "docsift-index"/);
  refused(null, /expected an object/);
  refused({ ...GOOD, version: 1 }, /expected version 2, found 1/);
  refused({ ...GOOD, model: { id: 'x' } }, /a fingerprint/);
  refused({ ...GOOD, parts: { ...GOOD.parts, vectors: undefined } }, /list vectors/);
  refused(withPart({ file: '../../passwd' }), /texts\[0\]: expected "file" to be named by/);
  refused(withPart({ bytes: 1.5 }), /"bytes"/);
  refused(withPart({ sha256: 'A'.repeat(64) }), /"sha256"/);
  assert.throws(() => parseIndexManifest('<!doctype html>', '/x'), {
    code: 'invalid_index',
    message: /found an HTML page/,
  });
});

test('an index is opened by its folder or its manifest, with its first parts alone', async () => {
  for (const address of [URL_, 'https://example.org/docsift/']) {
    const from = network(site(NEW));
    const index = await open(from, address);
    assert.deepEqual(texts(await index.firstParts()), ['new documents', 'new words']);
    const kindsAsked = from.requests.map((name) => name.split('.')[0]).sort();
    assert.deepEqual(kindsAsked, ['documents', 'index', 'lexical']);
    assert.equal(index.stale, undefined);
  }
});

test('a part that is cut short, changed or missing is named, and kept nowhere', async () => {
  for (const [broken, code, message] of [
    ['new word', 'integrity', /lexical\.[0-9a-f]{16}\.bin: expected 9 bytes, found 8; deploy all files/],
    ['new wordz', 'integrity', /lexical\.[0-9a-f]{16}\.bin: expected sha256 /],
    ['<!doctype html>', 'integrity', /lexical\..*found 15; deploy/],
  ] as const) {
    const from = network(site(NEW, { lexical: broken }));
    await assert.rejects(open(from), { code, message });
    assert.ok(!from.kept('docsift-index').some((url) => url.includes('lexical')));
    assert.deepEqual(from.kept('docsift-manifest'), []);
  }
  const files = site(NEW);
  files.delete(GOOD.parts.lexical[0]?.file as string);
  await assert.rejects(open(network(files)), { code: 'download_failed', message: /lexical\..*status 404/ });
});

test('parts may be deployed in gzip', async () => {
  const files: Map<string, string | Uint8Array<ArrayBuffer>> = site(NEW);
  const lexical = GOOD.parts.lexical[0]?.file as string;
  const packed = Uint8Array.from(gzipSync(NEW.lexical));
  files.set(lexical, packed);
  const from = network(files);
  for (const _visit of ['first', 'second'])
    assert.deepEqual(texts(await (await open(from)).firstParts()), ['new documents', 'new words']);
  assert.equal(from.requests.filter((name) => name === lexical).length, 1);

  for (const damaged of [packed.slice(0, -1), packed.map((byte, i) => (i === 12 ? byte ^ 1 : byte))]) {
    files.set(lexical, damaged);
    await assert.rejects(open(network(files)), { code: 'integrity', message: /lexical\..*deploy all files/ });
  }
});

test('of what expands to more than the part has, no more than that is unpacked', async () => {
  const files: Map<string, string | Uint8Array<ArrayBuffer>> = site(NEW);
  const lexical = GOOD.parts.lexical[0]?.file as string;
  files.set(lexical, Uint8Array.from(gzipSync(new Uint8Array(50_000_000))));
  let unpacked = 0;
  const { get: whole } = Object.getOwnPropertyDescriptor(DecompressionStream.prototype, 'readable') ?? {};
  const counted = mock.getter(
    DecompressionStream.prototype,
    'readable',
    function (this: DecompressionStream) {
      const count = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          unpacked += chunk.byteLength;
          controller.enqueue(chunk);
        },
      });
      return whole?.call(this).pipeThrough(count);
    },
  );
  const message = /lexical\..*: expected 9 bytes in gzip, found more; deploy all files/;
  await assert
    .rejects(open(network(files)), { code: 'integrity', message })
    .finally(() => counted.mock.restore());
  assert.ok(unpacked < 3_000_000, `${unpacked} bytes were unpacked`);
});

test('where the latest index has no room, the last good one stays', async () => {
  const from = network(site(OLD));
  await (await open(from)).keep();
  const before = from.kept('docsift-index');
  from.files = site(NEW);
  const { open: openCache } = from.caches;
  from.caches.open = async (name) => {
    const cache = await openCache(name);
    const put = async (key: RequestInfo | URL, response: Response) => {
      if (name === 'docsift-index') throw new DOMException('full', 'QuotaExceededError');
      await cache.put(key, response);
    };
    return Object.assign(Object.create(cache), { put });
  };
  const index = await open(from);
  assert.deepEqual(texts(await index.firstParts()), ['new documents', 'new words'], 'it is used uncached');
  await index.keep();
  assert.deepEqual(from.kept('docsift-index'), before);
  from.files = new Map();
  assert.deepEqual(texts(await (await open(from)).firstParts()), ['old documents', 'old words'], 'offline');
});

test('where the latest index cannot be used, the last good one is, and says why', async () => {
  const from = network(site(OLD));
  await (await open(from)).keep();
  from.files = site(NEW, { documents: 'something else' });
  const index = await open(from);
  assert.deepEqual(texts(await index.firstParts()), ['old documents', 'old words']);
  assert.equal(index.stale?.code, 'integrity');
  assert.match(index.stale?.message ?? '', /documents\.[0-9a-f]{16}\.bin/);
  await index.keep();

  from.files = site(NEW);
  assert.equal((await open(from)).stale, undefined);
  assert.deepEqual(texts(await (await open(from)).firstParts()), ['new documents', 'new words']);
  from.files = new Map();
  assert.deepEqual(texts(await (await open(from)).firstParts()), ['old documents', 'old words'], 'offline');
});

test('what is kept is asked for no more, and goes with the index that had it', async () => {
  const from = network(site(OLD));
  const first = await open(from);
  await first.handOverVectors(async () => {});
  await first.keep();
  from.requests.length = 0;
  await open(from);
  assert.deepEqual(from.requests, ['index.json']);

  from.files = site(NEW);
  from.requests.length = 0;
  const second = await open(from);
  await second.handOverVectors(async () => {});
  assert.ok(!from.requests.some((name) => name.startsWith('vectors')), 'the vectors are the same');
  assert.equal(from.kept('docsift-index').length, 5);
  await second.keep();
  assert.equal(from.kept('docsift-index').length, 3);
  assert.deepEqual(from.kept('docsift-manifest'), [URL_]);
});

test('texts are fetched once for all who ask, and one that does not come is told of in time', async () => {
  const from = network(site(NEW));
  const index = await open(from, URL_, false);
  const file = GOOD.parts.texts[0]?.file as string;
  const taken: string[] = [];
  const take = async ({ bytes }: { bytes: Uint8Array }) => taken.push(...texts([bytes]));
  assert.equal(await index.handOverTexts([file], 1000, take), undefined);
  assert.equal(await index.handOverTexts([file], 1000, take), undefined);
  assert.deepEqual(taken, ['texts', 'texts']);
  assert.equal(from.requests.filter((name) => name === file).length, 1);

  const slow = await open(network(site(NEW)), URL_, false);
  const never = await slow.handOverTexts([file], 20, () => new Promise(() => {}));
  assert.equal(never?.code, 'download_failed');
  assert.match(never?.message ?? '', /texts\.[0-9a-f]{16}\.bin: no answer within 0\.02 s/);

  const lacking = network(site(NEW));
  lacking.files.delete(file);
  const missing = await (await open(lacking, URL_, false)).handOverTexts([file], 1000, take);
  assert.match(missing?.message ?? '', /texts\.[0-9a-f]{16}\.bin: HTTP status 404/);
});
