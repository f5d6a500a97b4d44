/** The compiled engine: which of its binaries this browser can run, and how that one gets here. */
import { network as defaultNetwork } from '#platform';
import { download, type Network, verified } from './download.js';
import { DocsiftError, messageOf } from './errors.js';

export type Variant = 'relaxed' | 'simd128';

export interface Binary {
  name: string;
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
}

/** The binaries that there are: the engine's variants, and its lexical half, which any browser runs. */
export type BinaryName = Variant | 'lexical';

export interface Runtime {
  variant: Variant;
  module: WebAssembly.Module;
}

/** Set by the build, from the files it puts into `dist/`. */
declare const DOCSIFT_BINARIES: Record<BinaryName, Binary>;

const V128 = 0x7b;
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** One function type, (v128, v128, v128) → v128, and one function of it. */
const ONE_FUNCTION = [0x01, 0x08, 0x01, 0x60, 0x03, V128, V128, V128, 0x01, V128, 0x03, 0x02, 0x01, 0x00];

/** A module whose one function has the given instructions between its local declarations and its end. */
function moduleOf(instructions: number[]): Uint8Array<ArrayBuffer> {
  const body = [0x00, ...instructions, 0x0b];
  return new Uint8Array([...HEADER, ...ONE_FUNCTION, 0x0a, body.length + 2, 0x01, body.length, ...body]);
}

const GET_0 = [0x20, 0x00];
const GET_1 = [0x20, 0x01];
const GET_2 = [0x20, 0x02];

/** Holds `i32x4.dot_i16x8_s`. */
export const SIMD128_PROBE = moduleOf([...GET_0, ...GET_1, 0xfd, 0xba, 0x01]);

/**
 * Holds the two opcodes that the relaxed kernels are made of, since engines shipped relaxed SIMD in parts:
 * `i32x4.relaxed_dot_i8x16_i7x16_add_s` (0xfd 0x113) on the locals, then `i16x8.relaxed_dot_i8x16_i7x16_s` (0xfd 0x112)
 * on its result and a local. Opcodes are in LEB128.
 */
export const RELAXED_PROBE = moduleOf([
  ...[...GET_0, ...GET_1, ...GET_2, 0xfd, 0x93, 0x02],
  ...[...GET_1, 0xfd, 0x92, 0x02],
]);

/** The variants that this browser can run, fastest first. */
export function runnableVariants(validate: (bytes: Uint8Array<ArrayBuffer>) => boolean): Variant[] {
  const variants: Variant[] = [];
  if (validate(RELAXED_PROBE)) variants.push('relaxed');
  if (validate(SIMD128_PROBE)) variants.push('simd128');
  return variants;
}

const CACHE_NAME = 'docsift-runtime';
const ADVICE = 'deploy the wasm files of the same build as docsift.js';

export interface RuntimeOptions {
  /** The address of a binary. */
  urlOf: (name: BinaryName) => string;
  cache: boolean;
  onProgress: (loaded: number, total: number, file: string) => void;
}

/** Fetches, verifies and compiles the fastest binary that this browser can run. */
export async function loadRuntime(
  options: RuntimeOptions,
  binaries: Record<Variant, Binary> = DOCSIFT_BINARIES,
  network: Network = defaultNetwork(),
): Promise<Runtime> {
  const variants = supported();
  for (const variant of variants) {
    const bytes = await fetchBinary(variant, binaries[variant], options, network);
    try {
      return { variant, module: await WebAssembly.compile(bytes) };
    } catch (thrown) {
      // The probe passes and the whole module does not where an engine knows these opcodes but not every other one.
      if (variant === variants[variants.length - 1]) throw compileError(thrown);
    }
  }
  throw new DocsiftError(
    'no_simd',
    'this browser has no WebAssembly SIMD; use Chrome or Edge 103, Firefox 114, Safari 16.4, or newer',
  );
}

/** Fetches, verifies and compiles the lexical half. */
export async function loadLexical(
  options: RuntimeOptions,
  binary: Binary = DOCSIFT_BINARIES.lexical,
  network: Network = defaultNetwork(),
): Promise<WebAssembly.Module> {
  checkWebAssembly();
  const bytes = await fetchBinary('lexical', binary, options, network);
  try {
    return await WebAssembly.compile(bytes);
  } catch (thrown) {
    throw compileError(thrown);
  }
}

function fetchBinary(
  name: BinaryName,
  binary: Binary,
  { urlOf, cache, onProgress }: RuntimeOptions,
  network: Network,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = urlOf(name);
  return download(
    {
      url,
      cacheName: CACHE_NAME,
      cacheKey: cache ? keyOf(url, binary) : undefined,
      policy: 'cache-first',
      maxBytes: binary.bytes,
      accept: (found) => verified(found, binary, url, ADVICE),
      onProgress: (loaded, total) => onProgress(loaded, total, binary.name),
    },
    network,
  );
}

function keyOf(url: string, { sha256 }: Binary): string {
  const key = new URL(url);
  key.search = `sha256=${sha256}`;
  return key.href;
}

function checkWebAssembly(): void {
  if (typeof WebAssembly === 'object') return;
  throw new DocsiftError('no_wasm', 'WebAssembly is not available here; use a current browser');
}

function supported(): Variant[] {
  checkWebAssembly();
  return runnableVariants((bytes) => WebAssembly.validate(bytes));
}

function compileError(thrown: unknown): DocsiftError {
  const advice = "allow 'wasm-unsafe-eval' in script-src of the Content-Security-Policy";
  return new DocsiftError('no_wasm', `the engine could not be compiled: ${messageOf(thrown)}; ${advice}`);
}
