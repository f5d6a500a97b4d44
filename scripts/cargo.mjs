/** What cargo says of the workspace's packages. */
import { runOrFail } from './steps.mjs';

export const WASM = 'wasm32-unknown-unknown';

/**
 * @typedef {object} CratePackage
 * @property {string} name
 * @property {string} version
 * @property {string | null} license an SPDX expression
 * @property {string | null} source where it is from; `null` for what is in this repository
 * @property {string | null} repository
 * @property {string[]} authors
 * @property {string} manifest_path
 */

/**
 * The packages that a platform needs, as Cargo.lock has them. Fetches those that are not here yet.
 *
 * @param {string} platform
 * @returns {Promise<CratePackage[]>}
 */
export async function packagesFor(platform) {
  const args = ['metadata', '--format-version', '1', '--locked', '--filter-platform', platform];
  const { stdout } = await runOrFail('cargo', args, {
    todo: 'read the message above; crates.io, or a mirror of it, has to be reachable',
  });
  const { packages, resolve } = JSON.parse(stdout);
  const needed = new Set(resolve.nodes.map((/** @type {{ id: string }} */ { id }) => id));
  return packages.filter((/** @type {{ id: string }} */ { id }) => needed.has(id));
}
