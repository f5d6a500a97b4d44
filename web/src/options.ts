/** The options that every entry point takes, and what they come to in this browser. */
import { absolute, hardware, startWorker } from '#platform';
import { type Calibration, problemOfCalibration } from './calibration.js';
import type { WorkerLike } from './engine/client.js';
import type { Precision, Role } from './engine/protocol.js';
import type { ModelSource, SourceFile } from './engine/source.js';
import { DocsiftError } from './errors.js';
import { findModel, loadManifest, type Manifest, type ManifestModel } from './manifest.js';
import type { BinaryName } from './runtime.js';

/** A model of one's own: a GGUF file, or `model.safetensors` with its `config` and `tokenizer`. */
export interface ModelFiles {
  weights: string | URL;
  /** `config.json`; needed with safetensors. */
  config?: string | URL | undefined;
  /** `tokenizer.json` or `vocab.txt`; needed with safetensors. */
  tokenizer?: string | URL | undefined;
  /** The GGUF file of the embedder with whose words a reranker was packed that has none of its own. */
  words?: string | URL | undefined;
  /** Of the weights, in hexadecimal. Without it the download cannot be verified. */
  sha256?: string | undefined;
  /** Length of the weights. */
  bytes?: number | undefined;
  /** Part of the key under which the files are cached: change it when files change at the same address. */
  revision?: string | undefined;
  /** A reranker's weight of the fused score against its logit. Default 0, which suits public cross-encoders. */
  mixingWeight?: number | undefined;
  /** How much the opening of a passage's document counts in a reranker's logit, from 0, the default, to below 1. */
  openingShare?: number | undefined;
  /**
   * From the score that orders results to a probability: see `Calibration`. Default none: results then have no `score`,
   * and `minScore` leaves nothing out. A reranker whose `mixingWeight` is not 0 needs one of its embedder's too.
   */
  calibration?: Calibration | undefined;
}

/** A model: its id in the manifest, or its files. */
export type ModelChoice = string | ModelFiles;

export interface Progress {
  /** `download`: bytes of `file`; `embed`: passages. */
  stage: 'download' | 'embed';
  loaded: number;
  /** 0 where it is not known. */
  total: number;
  /** The file's name, for `download`. */
  file?: string | undefined;
}

export interface EngineOptions {
  /** The folder of `manifest.json`. Default: `models/` in the folder of `docsift.js`, or beside it where that is `dist/`. */
  modelBaseUrl?: string | URL | undefined;
  /** The folder of the wasm files. Default: the folder that holds `docsift.js`. */
  wasmBaseUrl?: string | URL | undefined;
  /** The worker script. Default: `worker.js` beside `docsift.js`. */
  workerUrl?: string | URL | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Whether downloads are kept in the browser's cache. Default `true`. */
  cache?: boolean | undefined;
  /** Number of workers. Default: the number of cores, at most 4, and at most 2 on a device with 4 GiB or less. */
  workers?: number | undefined;
  /** How linear layers are computed: `int8` (default) is faster, `f32` is the reference. */
  precision?: Precision | undefined;
}

/** The options with every default filled in and every address absolute. */
export interface Settings {
  manifestUrl: string;
  wasmUrlOf: (name: BinaryName) => string;
  spawnWorker: () => WorkerLike;
  onProgress: (progress: Progress) => void;
  cache: boolean;
  workers: number;
  precision: Precision;
}

export function resolveOptions(options: EngineOptions): Settings {
  const {
    onProgress = () => {},
    cache = true,
    precision = 'int8',
    workers = defaultWorkers(hardware()),
  } = options;
  if (!Number.isInteger(workers) || workers < 1) {
    throw new DocsiftError('invalid_options', `workers: expected an integer of at least 1, found ${workers}`);
  }
  if (precision !== 'int8' && precision !== 'f32') {
    throw new DocsiftError('invalid_options', `precision: expected "int8" or "f32", found "${precision}"`);
  }
  return {
    manifestUrl: new URL('manifest.json', modelFolder(options.modelBaseUrl)).href,
    wasmUrlOf: (name) => wasmUrl(options.wasmBaseUrl, name),
    spawnWorker: () => startWorker(options.workerUrl),
    onProgress,
    cache,
    workers,
    precision,
  };
}

/** More than 4 workers gain little and each holds the models; `deviceMemory` is in GiB, where the browser tells it. */
export function defaultWorkers(
  navigator: { hardwareConcurrency?: number; deviceMemory?: number } | undefined,
): number {
  const most = (navigator?.deviceMemory ?? 8) <= 4 ? 2 : 4;
  return Math.max(1, Math.min(most, navigator?.hardwareConcurrency ?? 2));
}

/** A model with the addresses of its files, and what names it. */
export interface ResolvedModel {
  /** In the manifest; absent for files of one's own. */
  id?: string | undefined;
  source: ModelSource;
  /** Changes with the weights. */
  key: string;
  mixingWeight: number;
  openingShare: number;
  calibration: Calibration | undefined;
}

/** Finds where models are; the manifest is fetched once, and only if a model is taken from it. */
export class ModelCatalogue {
  readonly #settings: Settings;
  #manifest: Promise<Manifest> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  manifest(): Promise<Manifest> {
    const { manifestUrl, cache } = this.#settings;
    this.#manifest ??= loadManifest(manifestUrl, cache);
    return this.#manifest;
  }

  async resolve(role: Role, choice: ModelChoice | undefined): Promise<ResolvedModel> {
    if (typeof choice === 'object') return ownModel(choice);
    const { manifestUrl } = this.#settings;
    const manifest = await this.manifest();
    const id = choice ?? manifest.defaults[role];
    const model = findModel(manifest, role, id);
    const fileOf = ({ file, bytes, sha256, revision }: ManifestModel): SourceFile => {
      return { url: new URL(file, manifestUrl).href, spec: { bytes, sha256, revision } };
    };
    const words =
      model.words === undefined ? undefined : fileOf(findModel(manifest, 'embedder', model.words));
    const { sha256: key, mixingWeight = 0, openingShare = 0, calibration } = model;
    return { id, source: { weights: fileOf(model), words }, key, mixingWeight, openingShare, calibration };
  }
}

function ownModel({
  weights,
  config,
  tokenizer,
  words,
  sha256,
  bytes,
  revision,
  mixingWeight = 0,
  openingShare = 0,
  calibration,
}: ModelFiles): ResolvedModel {
  const problem = calibration === undefined ? undefined : problemOfCalibration(calibration);
  if (problem) throw new DocsiftError('invalid_options', `models: ${problem}`);
  const url = absolute(weights).href;
  const beside = (file: string | URL | undefined): SourceFile | undefined =>
    file === undefined ? undefined : { url: absolute(file).href, spec: { revision } };
  return {
    source: {
      weights: { url, spec: { sha256, bytes, revision } },
      config: beside(config),
      tokenizer: beside(tokenizer),
      words: beside(words),
    },
    key: sha256 ?? `${url}#${revision ?? ''}`,
    mixingWeight,
    openingShare,
    calibration,
  };
}

function modelFolder(base: string | URL | undefined): URL {
  if (base !== undefined) return folder(base);
  // Not written as one expression: bundlers would take it for an asset to bundle.
  const here = import.meta.url;
  return modelsNear(here);
}

/** Where the models lie: beside `dist/` in the package, and in the folder of `docsift.js` where that was deployed. */
export function modelsNear(script: string): URL {
  const folder = new URL('.', script);
  return new URL(folder.pathname.endsWith('/dist/') ? '../models/' : 'models/', folder);
}

function wasmUrl(base: string | URL | undefined, name: BinaryName): string {
  if (base !== undefined) return new URL(`docsift-${name}.wasm`, folder(base)).href;
  // Some bundlers leave the origin out.
  return absolute(besideScript(name)).href;
}

/** Literal `new URL(…, import.meta.url)`, so that bundlers find the files and take them along. */
function besideScript(name: BinaryName): URL {
  if (name === 'lexical') return new URL('./docsift-lexical.wasm', import.meta.url);
  return name === 'relaxed'
    ? new URL('./docsift-relaxed.wasm', import.meta.url)
    : new URL('./docsift-simd128.wasm', import.meta.url);
}

/** A folder's address ends in a slash, or its last part would be replaced. */
function folder(base: string | URL): URL {
  const url = absolute(base);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
