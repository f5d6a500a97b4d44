/** `index.json`: the index that `docsift index` made of a site, which lies beside it as one file. */
import { network as defaultNetwork } from '#platform';
import { download, type Network } from './download.js';
import { DocsiftError } from './errors.js';
import { MAX_MANIFEST_BYTES } from './manifest.js';

export interface IndexManifest {
  format: 'docsift-index';
  version: 1;
  /** The embedder that made the vectors: its id in the manifest of models, and what identifies its weights. */
  model: { id: string; fingerprint: string };
  documents: number;
  passages: number;
  /** Path of the collection, relative to this manifest; named by its content, so that it can be cached for ever. */
  file: string;
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
}

const CACHE_NAME = 'docsift-manifest';

/** Fetches the manifest of an index, and keeps the last good one for when the network is off. */
export function loadIndexManifest(
  url: string,
  cache: boolean,
  network: Network = defaultNetwork(),
): Promise<IndexManifest> {
  return download(
    {
      url,
      cacheName: CACHE_NAME,
      cacheKey: cache ? url : undefined,
      policy: 'network-first',
      maxBytes: MAX_MANIFEST_BYTES,
      accept: (bytes) => parseIndexManifest(new TextDecoder().decode(bytes), url),
    },
    network,
  );
}

/** Reads and checks the manifest of an index; `url` is for the messages. Throws `invalid_index`. */
export function parseIndexManifest(text: string, url: string): IndexManifest {
  const fail = (problem: string): never => {
    throw new DocsiftError(
      'invalid_index',
      `${url}: ${problem}; point index at the index.json that docsift index wrote, or make it anew`,
    );
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail(text.trimStart().startsWith('<') ? 'expected JSON, found an HTML page' : 'expected JSON');
  }
  if (typeof json !== 'object' || json === null) return fail('expected an object');
  const { format, version, model, file, bytes, sha256 } = json as Partial<IndexManifest>;
  if (format !== 'docsift-index') return fail('expected the format "docsift-index"');
  if (version !== 1) return fail(`expected version 1, found ${JSON.stringify(version)}`);
  if (typeof model?.id !== 'string' || typeof model.fingerprint !== 'string')
    return fail('expected "model" to have an id and a fingerprint');
  if (typeof file !== 'string' || file === '') return fail('expected "file" to be a path');
  if (!Number.isSafeInteger(bytes) || (bytes as number) <= 0)
    return fail('expected "bytes" to be a positive integer');
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    return fail('expected "sha256" to be 64 lower-case hexadecimal digits');
  return json as IndexManifest;
}
