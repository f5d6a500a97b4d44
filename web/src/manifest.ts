/** `manifest.json`: which models lie beside it, and what their files must be. */
import { network as defaultNetwork } from '#platform';
import { type Calibration, problemOfCalibration } from './calibration.js';
import { download, type Network } from './download.js';
import type { Role } from './engine/protocol.js';
import { DocsiftError } from './errors.js';

export interface ManifestModel {
  role: Role;
  /** Path of the weights, relative to the manifest. */
  file: string;
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
  revision: string;
  /** Of a reranker whose file has no words: the embedder with whose words it was packed. */
  words?: string | undefined;
  /** A reranker's weight of the fused score against its logit. */
  mixingWeight?: number | undefined;
  /** How much the opening of a passage's document counts in a reranker's logit, from 0, the default, to below 1. */
  openingShare?: number | undefined;
  /**
   * From a score to the probability that a result answers the query: of an embedder from the fused score, of a reranker
   * from its score that orders results. Without one, results have no `score`.
   */
  calibration?: Calibration | undefined;
  /** Multiply-accumulates of the linear layers for one token: how a reranker is chosen by a budget. */
  macsPerToken?: number | undefined;
}

export interface Manifest {
  version: 1;
  /** The model of each role that is used when none is named. */
  defaults: Partial<Record<Role, string>>;
  models: Record<string, ManifestModel>;
}

const CACHE_NAME = 'docsift-manifest';
/** Far more than a manifest has. */
export const MAX_MANIFEST_BYTES = 1024 * 1024;

/** Fetches the manifest, and keeps the last good one for when the network is off. */
export function loadManifest(
  url: string,
  cache: boolean,
  network: Network = defaultNetwork(),
): Promise<Manifest> {
  return download(
    {
      url,
      cacheName: CACHE_NAME,
      cacheKey: cache ? url : undefined,
      policy: 'network-first',
      maxBytes: MAX_MANIFEST_BYTES,
      accept: (bytes) => parseManifest(new TextDecoder().decode(bytes), url),
    },
    network,
  );
}

/** Reads and checks a manifest; `url` is for the messages. */
export function parseManifest(text: string, url: string): Manifest {
  const fail = (problem: string): never => {
    throw new DocsiftError(
      'invalid_manifest',
      `${url}: ${problem}; point modelBaseUrl at the folder of manifest.json`,
    );
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail(text.trimStart().startsWith('<') ? 'expected JSON, found an HTML page' : 'expected JSON');
  }
  if (!isObject(json)) return fail('expected an object');
  const { version, defaults, models } = json;
  if (version !== 1) return fail(`expected version 1, found ${JSON.stringify(version)}`);
  if (!isObject(defaults)) return fail('expected "defaults" to be an object');
  if (!isObject(models)) return fail('expected "models" to be an object');
  for (const [id, model] of Object.entries(models)) {
    const problem = problemOf(model);
    if (problem) fail(`model "${id}": ${problem}`);
  }
  for (const [id, { words }] of Object.entries(models as Manifest['models'])) {
    if (words === undefined) continue;
    const owner = Object.hasOwn(models, words) ? (models[words] as ManifestModel) : undefined;
    if (owner?.role !== 'embedder')
      fail(`model "${id}": expected "words" to name an embedder, found ${JSON.stringify(words)}`);
  }
  for (const [role, id] of Object.entries(defaults)) {
    if (typeof id !== 'string' || !Object.hasOwn(models, id))
      fail(`the default ${role} is not among the models`);
  }
  return json as unknown as Manifest;
}

/** The models of a role, with their ids. */
export function modelsOf(manifest: Manifest, role: Role): [string, ManifestModel][] {
  return Object.entries(manifest.models).filter(([, model]) => model.role === role);
}

/** The entry of a model by its id, or of the role's default. */
export function findModel(manifest: Manifest, role: Role, id = manifest.defaults[role]): ManifestModel {
  const having = modelsOf(manifest, role);
  const model = having.find(([name]) => name === id)?.[1];
  if (model) return model;
  const names = having.map(([name]) => `"${name}"`).join(', ') || 'none';
  const wanted = id === undefined ? `no default ${role}` : `no ${role} "${id}"`;
  throw new DocsiftError('invalid_manifest', `the manifest has ${wanted}; it lists ${names}`);
}

function problemOf(model: unknown): string | undefined {
  if (!isObject(model)) return 'expected an object';
  const { role, file, bytes, sha256, revision, words } = model;
  const { mixingWeight, openingShare, calibration, macsPerToken } = model;
  if (role !== 'embedder' && role !== 'reranker') return 'expected "role" to be "embedder" or "reranker"';
  if (typeof file !== 'string' || file === '') return 'expected "file" to be a path';
  if (!Number.isSafeInteger(bytes) || (bytes as number) <= 0)
    return 'expected "bytes" to be a positive integer';
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    return 'expected "sha256" to be 64 lower-case hexadecimal digits';
  }
  if (typeof revision !== 'string') return 'expected "revision" to be a string';
  if (words !== undefined && (typeof words !== 'string' || role !== 'reranker'))
    return 'expected "words" to be the id of an embedder, and only a reranker to have it';
  if (mixingWeight !== undefined && !Number.isFinite(mixingWeight))
    return 'expected "mixingWeight" to be a number';
  if (openingShare !== undefined && !isShare(openingShare))
    return 'expected "openingShare" to be a number from 0 to below 1';
  const problem = calibration === undefined ? undefined : problemOfCalibration(calibration);
  if (problem) return problem;
  if (macsPerToken !== undefined && !(Number.isSafeInteger(macsPerToken) && (macsPerToken as number) > 0))
    return 'expected "macsPerToken" to be a positive integer';
  return undefined;
}

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < 1;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
