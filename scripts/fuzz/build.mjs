/** Compiles the fuzz targets. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CARGO_PROGRESS, query, ROOT, runOrFail, StepError, step } from '../steps.mjs';

/** The targets' own workspace. */
export const SOURCES = path.join(ROOT, 'crate', 'fuzz');
/** Where everything is kept that is made here. */
export const FUZZ = path.join(ROOT, 'target', 'fuzz');

/** What cargo-fuzz passes as well: counters at every edge, values compared, and every access checked. */
const FLAGS = [
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
  '-Cllvm-args=-simplifycfg-branch-fold-threshold=0',
  '-Zsanitizer=address',
  '-Ccodegen-units=1',
  '--cfg=fuzzing',
];

const MANIFEST = path.join(SOURCES, 'Cargo.toml');

/** The targets, as Cargo.toml lists them. */
export function targetNames() {
  return [...readFileSync(MANIFEST, 'utf8').matchAll(/^\[\[bin\]\]\nname = "(.+)"$/gm)].map(
    ([, name]) => name,
  );
}

/** Those of them that read models, for which candle has to be compiled. */
function modelTargets() {
  const bins = readFileSync(MANIFEST, 'utf8').split('[[bin]]').slice(1);
  return targetNames().filter((_, at) => bins[at].includes('required-features = ["models"]'));
}

/**
 * @param {string[]} targets
 * @returns {Promise<string>} the folder of the programs
 */
export function buildTargets(targets) {
  return step('Fuzz targets', async (report) => {
    const host = query(process.env.RUSTC ?? 'rustc', ['-vV'])?.match(/^host: (.+)$/m)?.[1];
    if (!host) throw new StepError('rustc does not say which machine it compiles for', 'run `rustc -vV`');
    const folder = path.join(FUZZ, 'fuzz');
    const models = modelTargets();
    const chosen = targets.flatMap((target) => ['--bin', target]);
    const features = targets.some((target) => models.includes(target)) ? [] : ['--no-default-features'];
    // With a target named, build scripts and macros are compiled without these flags.
    await runOrFail(
      'cargo',
      [
        'build',
        '--manifest-path',
        MANIFEST,
        '--release',
        '--locked',
        '--target',
        host,
        ...chosen,
        ...features,
      ],
      {
        env: {
          ...CARGO_PROGRESS,
          CARGO_TARGET_DIR: folder,
          CARGO_ENCODED_RUSTFLAGS: FLAGS.join('\x1f'),
          // -Z sanitizer is not stable yet; the compiler itself is a release, with the sanitizer's library beside it.
          RUSTC_BOOTSTRAP: '1',
        },
        report,
        todo: 'read the compiler output above; a C++ compiler is needed for libFuzzer, and Linux or macOS',
      },
    );
    return path.join(folder, host, 'release');
  });
}
