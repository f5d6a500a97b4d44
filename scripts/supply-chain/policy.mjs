/**
 * Whether what docsift is made of is as deny.toml wants it. What cargo-deny checks without its database of advisories, in a
 * second and with nothing to install; and the same of what npm installs.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'smol-toml';
import { ROOT } from '../steps.mjs';
import { normalized, satisfies } from './spdx.mjs';

/** Run code of their own when they are installed; each was looked at. */
const INSTALL_SCRIPTS = new Set(['esbuild', 'onnxruntime-node', 'protobufjs', 'sharp']);
/** npm's lock files need not say where a package is from; if one does, then from there. */
const NPM_REGISTRY = 'https://registry.npmjs.org/';

/**
 * @typedef {object} Policy
 * @property {ReadonlySet<string>} licenses
 * @property {ReadonlySet<string>} banned
 * @property {ReadonlySet<string>} registries
 */

/** @returns {Policy} */
export function readPolicy() {
  const { licenses, bans, sources } = /** @type {any} */ (parse(read('deny.toml')));
  return {
    licenses: new Set(licenses.allow),
    banned: new Set(bans.deny.map((/** @type {{ crate: string }} */ { crate }) => crate)),
    registries: new Set(sources['allow-registry'].map((/** @type {string} */ url) => `registry+${url}`)),
  };
}

/**
 * @param {string} lock the text of a Cargo.lock
 * @param {Policy} policy
 * @returns {string[]} what is wrong
 */
export function problemsOfCargoLock(lock, { banned, registries }) {
  const { package: packages } = /** @type {any} */ (parse(lock));
  return packages.flatMap((/** @type {Record<string, string>} */ { name, version, source, checksum }) => {
    const problems = [];
    if (banned.has(name)) problems.push(`${name} ${version} is banned by deny.toml`);
    if (source === undefined) return problems;
    if (!registries.has(source)) problems.push(`${name} ${version} is from ${source}`);
    if (!/^[0-9a-f]{64}$/.test(checksum ?? '')) problems.push(`${name} ${version} has no checksum`);
    return problems;
  });
}

/**
 * @param {{ name: string, version: string, license?: string | null }[]} packages
 * @param {Policy} policy
 * @returns {string[]} what is wrong
 */
export function problemsOfLicenses(packages, { licenses }) {
  return packages.flatMap(({ name, version, license }) => {
    if (!license) return [`${name} ${version} names no licence`];
    try {
      return satisfies(license, licenses)
        ? []
        : [`${name} ${version}: ${normalized(license)} is not allowed`];
    } catch {
      return [`${name} ${version}: ${license} is no expression of SPDX`];
    }
  });
}

/**
 * @param {string} lock the text of a package-lock.json
 * @returns {string[]} what is wrong
 */
export function problemsOfNpmLock(lock) {
  /** @type {{ packages: Record<string, { version?: string, integrity?: string, resolved?: string, hasInstallScript?: boolean, link?: boolean }> }} */
  const { packages } = JSON.parse(lock);
  return Object.entries(packages).flatMap(([folder, { integrity, resolved, hasInstallScript, link }]) => {
    if (folder === '' || link) return [];
    const name = folder.replace(/^.*node_modules\//, '');
    const problems = [];
    if (!integrity?.startsWith('sha512-')) problems.push(`${name} has no SHA-512`);
    if (resolved !== undefined && !resolved.startsWith(NPM_REGISTRY))
      problems.push(`${name} is from ${resolved}`);
    if (hasInstallScript && !INSTALL_SCRIPTS.has(name))
      problems.push(`${name} runs a script when it is installed`);
    return problems;
  });
}

/** @param {string} file */
export function read(file) {
  return readFileSync(path.join(ROOT, file), 'utf8');
}
