/** Bundles, and remembers which npm packages went into which file: their licences are to be told with them. */
import path from 'node:path';
import { build } from 'esbuild';

export class Bundler {
  /** The folders of packages, by the file that they are in. @type {Map<string, Set<string>>} */
  #folders = new Map();

  /** @param {string} root the repository */
  constructor(root) {
    this.root = root;
  }

  /** As esbuild's. @param {import('esbuild').BuildOptions} options */
  build = async (options) => {
    const { metafile } = await build({ ...options, metafile: true, absWorkingDir: this.root });
    for (const [output, { inputs }] of Object.entries(metafile.outputs)) {
      const folders = new Set();
      for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
        const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
        if (folder && bytesInOutput > 0) folders.add(folder);
      }
      if (folders.size > 0) this.#folders.set(path.posix.basename(output), folders);
    }
  };

  /** @returns {Record<string, string[]>} the folders of packages, by the file of `dist/` that they are in */
  packages() {
    const sorted = [...this.#folders].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([file, folders]) => [file, [...folders].sort()]));
  }
}
