/**
 * `npm run docs`: makes docs/reference/ of the package's types and their comments, with typedoc. What it was made of is
 * noted beside it, so that a test can tell when it is out of date.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMain, ROOT, runMain, runOrFail, StepError, step } from './steps.mjs';

const TYPES = path.join(ROOT, 'dist', 'types');
const TOOLS = path.join(ROOT, 'scripts', 'reference');
const OUT = path.join(ROOT, 'docs', 'reference');
const WORK = path.join(ROOT, 'target', 'reference');
/** The entries of the package that have something to call. */
const ENTRIES = ['index', 'element/index', 'node/index', 'eval/index'];
export const STAMP = path.join(OUT, 'types.sha256');

/** What the types are, names and contents. */
export function hashTypes() {
  const hash = createHash('sha256');
  const files = readdirSync(TYPES, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.d.ts'),
  );
  for (const name of files.map((file) => file.replaceAll('\\', '/')).sort())
    hash.update(`${name}\n`).update(readFileSync(path.join(TYPES, name)));
  return hash.digest('hex');
}

async function makeReference() {
  if (!existsSync(TYPES)) throw new StepError('dist/types is missing', 'run `npm run build`');
  await step('typedoc, from npm', (report) =>
    runOrFail('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], {
      cwd: TOOLS,
      report,
      todo: 'read its message; the npm registry has to be reachable',
    }),
  );
  await step('docs/reference', async (report) => {
    rmSync(WORK, { recursive: true, force: true });
    mkdirSync(WORK, { recursive: true });
    cpSync(TYPES, path.join(WORK, 'types'), { recursive: true });
    writeFileSync(
      path.join(WORK, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'esnext',
          moduleResolution: 'bundler',
          target: 'es2022',
          lib: ['es2023', 'dom', 'dom.iterable'],
          types: [],
          strict: true,
          skipLibCheck: true,
        },
        include: ['types/**/*.d.ts'],
      }),
    );
    rmSync(OUT, { recursive: true, force: true });
    const flags = [
      '--readme',
      'none',
      '--outputFileStrategy',
      'modules',
      // Beside index.md, the module, a README.md would have its address.
      '--entryFileName',
      'modules',
      '--hideBreadcrumbs',
      '--githubPages',
      'false',
    ];
    const left = ['--disableSources', '--excludePrivate', '--excludeExternals', '--excludeInternal'];
    await runOrFail(
      process.execPath,
      [
        path.join(TOOLS, 'node_modules', 'typedoc', 'bin', 'typedoc'),
        ...['--plugin', 'typedoc-plugin-markdown', '--tsconfig', path.join(WORK, 'tsconfig.json')],
        ...ENTRIES.flatMap((entry) => ['--entryPoints', path.join(WORK, 'types', `${entry}.d.ts`)]),
        ...['--name', 'docsift', '--out', OUT, ...flags, ...left],
      ],
      { cwd: TOOLS, report, todo: 'read its message above' },
    );
    writeFileSync(STAMP, `${hashTypes()}\n`);
  });
}

if (isMain(import.meta.url)) await runMain(makeReference);
