/** Builds the demo site into web/demo/dist/. It expects the library beside it at `dist/`, as scripts/serve.mjs has it. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = `${here}dist`;

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: [`${here}demo.ts`],
  outfile: `${out}/demo.js`,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  plugins: [
    {
      // The page loads the library as its users do: one file, from where it is served.
      name: 'served-library',
      setup: ({ onResolve }) =>
        onResolve({ filter: /^docsift$/ }, () => ({ path: './dist/docsift.js', external: true })),
    },
  ],
});
// A service worker serves only its own folder and what lies below: this one has to be beside the page.
await cp(`${here}../../dist/docsift-sw.js`, `${out}/docsift-sw.js`);
for (const file of ['index.html', 'demo.css', 'corpus'])
  await cp(`${here}${file}`, `${out}/${file}`, { recursive: true });
