/**
 * An index that `docsift index` made of a site: a manifest, `index.json`, and parts beside it that are named by their
 * content. Documents and postings are fetched first, then vectors; texts when they are to be shown or reranked.
 */
import { LRUCache } from 'lru-cache';
import { absolute, network as defaultNetwork } from '#platform';
import { download, dropFiles, keepFile, type Network, readUpTo, verified } from './download.js';
import type { Params } from './engine/protocol.js';
import { DocsiftError } from './errors.js';
import { follow } from './query/abort.js';
import type { SearchDocument } from './types.js';

export interface IndexPart {
  /** Its name beside the manifest: its kind, and the beginning of its hash. */
  file: string;
  /** Of its content, which may be deployed in gzip. */
  bytes: number;
  /** Of its content, in hexadecimal. */
  sha256: string;
}

export interface IndexManifest {
  format: 'docsift-index';
  version: 2;
  /** The embedder that made the vectors: its id in the manifest of models, and what identifies its weights. */
  model: { id: string; fingerprint: string };
  documents: number;
  passages: number;
  /** Each kind in order; the engine knows what they hold. */
  parts: { documents: IndexPart[]; lexical: IndexPart[]; vectors: IndexPart[]; texts: IndexPart[] };
}

/** The name of the manifest in the folder of an index. */
export const INDEX_FILE = 'index.json';
/** The path or the name of a part. */
export const PART_FILE = /(^|\/)(documents|lexical|vectors|texts)\.[0-9a-f]{16}\.bin$/;

/** More than the manifest of a million pages. */
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
/** What gzip may add to bytes that it cannot compress. */
const PACKING_BYTES = 64 * 1024;
const MANIFEST_CACHE = 'docsift-manifest';
const PARTS_CACHE = 'docsift-index';
/** How many parts of texts are held, for the second worker that asks for them. */
const TEXTS_HELD = 64;
/** How many are fetched at a time where all are. */
const TEXTS_AT_ONCE = 6;
/** When a part of texts that does not come is given up, to be asked for again. */
const TEXT_LIMIT_MS = 30_000;
const ADVICE = 'deploy all files that docsift index wrote, together, or make the index anew';

interface Found {
  manifest: IndexManifest;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface SiteIndexOptions {
  cache: boolean;
  onProgress: (loaded: number, total: number, file: string) => void;
}

export class SiteIndex {
  readonly manifest: IndexManifest;
  /** The manifest as it was written. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Why the latest index could not be used, where this is the one that was last good. */
  readonly stale: DocsiftError | undefined;
  readonly #url: string;
  readonly #options: SiteIndexOptions;
  readonly #network: Network;
  readonly #life = new AbortController();
  #first: Promise<Uint8Array<ArrayBuffer>[]> | undefined;
  readonly #texts = new LRUCache<string, Promise<Uint8Array<ArrayBuffer>>>({ max: TEXTS_HELD });
  /** The addresses of the parts that were asked for, but for texts: it takes all of them to open it again. */
  readonly #needed = new Set<string>();

  private constructor(
    url: string,
    { manifest, bytes }: Found,
    options: SiteIndexOptions,
    network: Network,
    stale?: DocsiftError,
  ) {
    this.#url = url;
    this.#options = options;
    this.#network = network;
    this.manifest = manifest;
    this.bytes = bytes;
    this.stale = stale;
  }

  /**
   * Fetches the manifest and the first parts. Where that fails, the index that was last good serves, if it was kept.
   *
   * @param address of the manifest, or of its folder
   */
  static async open(
    address: string | URL,
    options: SiteIndexOptions,
    network: Network = defaultNetwork(),
  ): Promise<SiteIndex> {
    const { href } = absolute(address);
    const url = href.endsWith('/') ? new URL(INDEX_FILE, href).href : href;
    const latest = new SiteIndex(url, await fetchManifest(url, options.cache, network), options, network);
    try {
      await latest.firstParts();
      return latest;
    } catch (thrown) {
      const kept = options.cache ? await keptManifest(url, network) : undefined;
      if (!kept || sameBytes(kept.bytes, latest.bytes)) throw thrown;
      const last = new SiteIndex(url, kept, options, network, DocsiftError.from(thrown));
      // What is wrong with the latest is worth more than that there is no other.
      await last.firstParts().catch(() => Promise.reject(thrown));
      return last;
    }
  }

  /** The documents and the postings, in the manifest's order. They are held until `release`. */
  firstParts(): Promise<Uint8Array<ArrayBuffer>[]> {
    const { documents, lexical } = this.manifest.parts;
    this.#first ??= Promise.all([...documents, ...lexical].map((part) => this.part(part)));
    return this.#first;
  }

  /** Lets go of the first parts. */
  release(): void {
    this.#first = undefined;
  }

  /** What a worker opens the index with. */
  async opening(): Promise<Params<'openIndex'>> {
    return { manifest: this.bytes, parts: await this.firstParts() };
  }

  /** The documents without their bodies, where there is no engine to read them. */
  async documents(): Promise<SearchDocument[]> {
    const parts = await this.firstParts();
    return parts.slice(0, this.manifest.parts.documents.length).flatMap(documentsIn);
  }

  /** Fetches all vectors, and hands each part over as it comes. Rejects when one is not to be had. */
  async handOverVectors(take: (part: Params<'addPart'>) => Promise<unknown>): Promise<void> {
    const handing = this.manifest.parts.vectors.map(async (part) =>
      take({ file: part.file, bytes: await this.part(part) }),
    );
    await Promise.all(handing);
  }

  /** The bytes of a part, from where they were kept or from the site; they are those that the manifest describes. */
  part(part: IndexPart, signal: AbortSignal = this.#life.signal): Promise<Uint8Array<ArrayBuffer>> {
    const url = new URL(part.file, this.#url).href;
    const isText = this.manifest.parts.texts.includes(part);
    if (!isText) this.#needed.add(url);
    return download(
      {
        url,
        cacheName: PARTS_CACHE,
        cacheKey: this.#options.cache ? url : undefined,
        policy: 'cache-first',
        keep: 'beside',
        signal,
        maxBytes: part.bytes + PACKING_BYTES,
        accept: async (bytes) => verified(await unpacked(bytes, part, url), part, url, ADVICE),
        onProgress: (loaded, total) => isText || this.#options.onProgress(loaded, total, part.file),
      },
      this.#network,
    );
  }

  /**
   * Fetches parts of texts, and hands each over as it comes. Resolves with why some are not to be had, at the latest when
   * so much time has passed; what is still on its way then is there for the next who asks.
   */
  async handOverTexts(
    files: readonly string[],
    patienceMs: number,
    take: (part: Params<'addPart'>) => Promise<unknown>,
  ): Promise<DocsiftError | undefined> {
    const all = Promise.allSettled(files.map(async (file) => take({ file, bytes: await this.#text(file) })));
    const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), patienceMs));
    const outcomes = await Promise.race([all, late]);
    if (outcomes === 'late') {
      const problem = `no answer within ${patienceMs / 1000} s`;
      return new DocsiftError(
        'download_failed',
        `texts of the index, ${files.join(', ')}: ${problem}; check the connection`,
      );
    }
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    return failed && DocsiftError.from(failed.reason);
  }

  /** Fetches all texts, a few at a time, and hands each part over as it comes. Rejects when one is not to be had. */
  async fetchTexts(take: (part: Params<'addPart'>) => Promise<unknown> = async () => {}): Promise<void> {
    const left = [...this.manifest.parts.texts];
    const fetchSome = async () => {
      for (let part = left.pop(); part; part = left.pop())
        await take({ file: part.file, bytes: await this.part(part) });
    };
    await Promise.all(Array.from({ length: TEXTS_AT_ONCE }, fetchSome));
  }

  /** Gives up what is on its way. */
  close(reason: DocsiftError): void {
    this.#life.abort(reason);
  }

  /**
   * Keeps this index as the last good one, in place of an earlier one and its parts. Where there was no room for a part of
   * this one, the earlier one stays.
   */
  async keep(): Promise<void> {
    if (!this.#options.cache || this.stale || !(await this.#isKept())) return;
    await keepFile(
      { cacheName: MANIFEST_CACHE, cacheKey: this.#url, keep: 'instead' },
      this.#network,
      this.bytes,
    );
    const folder = new URL('.', this.#url).href;
    const listed = Object.values(this.manifest.parts).flat();
    const current = new Set(listed.map(({ file }) => new URL(file, this.#url).href));
    await dropFiles(PARTS_CACHE, this.#network, (url) => url.startsWith(folder) && !current.has(url));
  }

  async #isKept(): Promise<boolean> {
    try {
      const cache = await this.#network.caches?.open(PARTS_CACHE);
      const kept = await Promise.all([...this.#needed].map((url) => cache?.match(url)));
      return kept.every(Boolean);
    } catch {
      return false;
    }
  }

  #text(file: string): Promise<Uint8Array<ArrayBuffer>> {
    const held = this.#texts.get(file);
    if (held) return held;
    const part = this.manifest.parts.texts.find((text) => text.file === file);
    if (!part) return Promise.reject(new DocsiftError('internal', `the index has no part ${file}`));
    const { controller, release } = follow(AbortSignal.timeout(TEXT_LIMIT_MS), this.#life.signal);
    const text = this.part(part, controller.signal);
    this.#texts.set(file, text);
    // Whoever asks next has it tried again.
    text.catch(() => this.#texts.delete(file)).finally(release);
    return text;
  }
}

/** The manifest there is now; the one that was kept while the network is off. */
function fetchManifest(url: string, cache: boolean, network: Network): Promise<Found> {
  return download(
    {
      url,
      cacheName: MANIFEST_CACHE,
      cacheKey: cache ? url : undefined,
      policy: 'network-first',
      keep: 'not',
      maxBytes: MAX_MANIFEST_BYTES,
      accept: (bytes) => found(bytes, url),
    },
    network,
  );
}

async function keptManifest(url: string, network: Network): Promise<Found | undefined> {
  try {
    const cache = await network.caches?.open(MANIFEST_CACHE);
    const response = await cache?.match(url);
    return response && found(new Uint8Array(await response.arrayBuffer()), url);
  } catch {
    return undefined;
  }
}

function found(bytes: Uint8Array<ArrayBuffer>, url: string): Found {
  return { manifest: parseIndexManifest(new TextDecoder().decode(bytes), url), bytes };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * Parts are deployed in gzip, since few hosts compress files of types that they do not know. Of what expands to more than the
 * part has, no more than that is unpacked.
 */
async function unpacked(
  bytes: Uint8Array<ArrayBuffer>,
  { bytes: length }: IndexPart,
  url: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const content = new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')));
  let found: Uint8Array<ArrayBuffer>;
  try {
    found = await readUpTo(content, length);
  } catch {
    throw new DocsiftError('integrity', `${url}: expected a whole gzip file, found a damaged one; ${ADVICE}`);
  }
  if (found.length <= length) return found;
  throw new DocsiftError('integrity', `${url}: expected ${length} bytes in gzip, found more; ${ADVICE}`);
}

/** The bytes before a part's content: magic, version and kind. */
const PART_HEADER = 16;

/** The documents of a part: after the header their length, seven bits a byte and the lowest first, then JSON. */
function documentsIn(part: Uint8Array): SearchDocument[] {
  let at = PART_HEADER;
  let length = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = part[at++] ?? 0;
    length += (byte % 128) * scale;
    if (byte < 128) break;
  }
  const documents = JSON.parse(new TextDecoder().decode(part.subarray(at, at + length)));
  return documents.map((document: Omit<SearchDocument, 'body'>) => ({ ...document, body: '' }));
}

/** Reads and checks the manifest of an index; `url` is for the messages. Throws `invalid_index`. */
export function parseIndexManifest(text: string, url: string): IndexManifest {
  const fail = (problem: string): never => {
    throw new DocsiftError(
      'invalid_index',
      `${url}: ${problem}; point index at the folder that docsift index wrote, or make it anew`,
    );
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail(text.trimStart().startsWith('<') ? 'expected JSON, found an HTML page' : 'expected JSON');
  }
  if (typeof json !== 'object' || json === null) return fail('expected an object');
  const { format, version, model, parts } = json as Partial<IndexManifest>;
  if (format !== 'docsift-index') return fail('expected the format "docsift-index"');
  if (version !== 2) return fail(`expected version 2, found ${JSON.stringify(version)}`);
  if (typeof model?.id !== 'string' || typeof model.fingerprint !== 'string')
    return fail('expected "model" to have an id and a fingerprint');
  for (const kind of ['documents', 'lexical', 'vectors', 'texts'] as const) {
    if (!Array.isArray(parts?.[kind])) return fail(`expected "parts" to list ${kind}`);
    parts[kind].forEach((part, i) => {
      const problem = problemOf(part, kind);
      if (problem) fail(`parts.${kind}[${i}]: ${problem}`);
    });
  }
  return json as IndexManifest;
}

function problemOf(part: Partial<IndexPart> | null, kind: string): string | undefined {
  const { file, bytes, sha256 } = part ?? {};
  if (!Number.isSafeInteger(bytes) || (bytes as number) <= 0)
    return 'expected "bytes" to be a positive integer';
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    return 'expected "sha256" to be 64 lower-case hexadecimal digits';
  // Nothing but the parts themselves is ever fetched, or written, under a name from a manifest.
  if (file !== `${kind}.${sha256.slice(0, 16)}.bin`)
    return `expected "file" to be named by its kind and its hash, found ${JSON.stringify(file)}`;
  return undefined;
}
