/** `docsift index`: from a built site to a folder to deploy with it. */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { DocsiftError, messageOf } from '../../errors.js';
import { command, count } from '../command.js';
import { copyModels, copyRuntime, PACKAGED_MODELS } from '../deploy/package-files.js';
import { Indexer } from '../engine/indexer.js';
import { indexSite, type Outcome, type Site } from '../index-site.js';
import { relativeTo } from '../read/folder.js';
import { countFiles, findSource, type Source } from '../read/index.js';
import { READ_OPTIONS, readOptions } from '../read-options.js';
import { counted, duration, megabytes, Problems, ProgressLine, Rate } from '../report.js';
import { version } from '../version.js';
import { watchFolder } from '../watch.js';

const OPTIONS = {
  out: {
    type: 'string',
    short: 'o',
    value: 'folder',
    help: 'where to write. Default: docsift/ in the folder of a built site, else ./docsift/',
  },
  ...READ_OPTIONS,
  models: {
    type: 'string',
    value: 'folder',
    help: 'the folder of manifest.json and the models. Default: the package’s own',
  },
  embedder: { type: 'string', value: 'id', help: 'an embedder of the manifest. Default: its default' },
  reranker: { type: 'string', value: 'id', help: 'a reranker of the manifest. Default: its default' },
  'no-models': { type: 'boolean', help: 'do not copy the models' },
  'no-runtime': { type: 'boolean', help: 'write the index alone' },
  workers: { type: 'string', value: 'number', help: 'worker threads. Default: one for each core' },
  fresh: { type: 'boolean', help: 'embed everything again' },
  'keep-going': {
    type: 'boolean',
    help: 'leave out files that cannot be read and pages that come twice, instead of failing',
  },
  watch: { type: 'boolean', short: 'w', help: 'index again whenever a file changes' },
  quiet: { type: 'boolean', short: 'q', help: 'print errors alone' },
} as const;

export const index = command({
  name: 'index',
  summary: 'Index a built site, a folder of Markdown or a file of documents, and write what to deploy',
  arguments: ['<folder or file>'],
  options: OPTIONS,
  details: 'A second run embeds only what has changed. Nothing is written when it fails.',
  async run(values, [given = '']) {
    const { format, optionsFor } = readOptions(values);
    const workers = count('workers', values.workers);
    const quiet = values.quiet ?? false;
    const outs = values.out === undefined ? [] : [path.resolve(values.out)];
    const source = await findSource(given, format, [...outs, path.join(path.resolve(given), 'docsift')]);
    const out =
      outs[0] ?? (source.format === 'html' ? path.join(source.path, 'docsift') : path.resolve('docsift'));
    const models = path.resolve(values.models ?? PACKAGED_MODELS);
    await makeFolder(out);

    const progress = new ProgressLine(quiet);
    const show = new IndexProgress(progress);
    const say = (text: string) => {
      progress.clear();
      if (!quiet) console.error(text);
    };
    const indexer = await Indexer.start({
      modelBaseUrl: models,
      embedder: values.embedder,
      workers,
      onProgress: (embedded, passages) => show.embedded(embedded, passages),
    });
    const site: Site = { source, options: optionsFor(source.format), out, version };
    const once = async (fresh: boolean) => {
      const started = performance.now();
      const problems = new Problems(quiet);
      show.begin(await countFiles(source, [out]));
      const flags = { fresh, keepGoing: values['keep-going'] ?? false, onRead: () => show.read() };
      try {
        const outcome = await indexSite(site, indexer, problems, flags);
        say(summary(outcome, performance.now() - started, problems));
      } finally {
        progress.clear();
      }
    };
    try {
      const begin = async () => {
        await once(values.fresh ?? false);
        if (!values['no-runtime']) await deploy(out, addressUnder(site), { ...values, folder: models }, say);
      };
      if (values.watch) await watch(source, out, begin, () => once(false), say);
      else await begin();
    } finally {
      indexer.close();
    }
    return 0;
  },
});

interface Deployment {
  folder: string;
  embedder?: string | undefined;
  reranker?: string | undefined;
  'no-models'?: boolean | undefined;
}

/** Where the site will have the folder: below its own base, or at the root where it lies elsewhere. */
function addressUnder({ source, options, out }: Site): string {
  const inside = relativeTo(source.path, out);
  const base = options.addresses.base.replace(/\/$/, '');
  return source.isFile || inside.startsWith('..') ? `/${path.basename(out)}` : `${base}/${inside}`;
}

async function deploy(
  out: string,
  address: string,
  options: Deployment,
  say: (text: string) => void,
): Promise<void> {
  const names = await copyRuntime(out);
  const bytes = options['no-models'] ? 0 : await copyModels(out, options);
  say(`${out}: runtime${bytes > 0 ? `, models (${megabytes(bytes)})` : ''}`);
  if (names.includes('element.js')) {
    say(`Put this into your pages:
  <script type="module" src="${address}/element.js"></script>
  <docsift-search></docsift-search>`);
  }
}

/** Runs until the process is ended. Of the runs after the first, one that fails says why, and the next change is waited for. */
async function watch(
  source: Source,
  out: string,
  begin: () => Promise<void>,
  run: () => Promise<void>,
  say: (text: string) => void,
): Promise<void> {
  const first = async () => {
    await begin();
    say('Watching for changes. Press Ctrl+C to end.');
  };
  await watchFolder(source.path, [out], first, async () => {
    try {
      await run();
    } catch (thrown) {
      if (!(thrown instanceof DocsiftError)) throw thrown;
      console.error(`docsift: ${thrown.message}`);
    }
  });
}

function summary(outcome: Outcome, ms: number, problems: Problems): string {
  const { documents, passages, added, changed, removed, unchanged, embedded, indexBytes } = outcome;
  const changes = Object.entries({ new: added, changed, removed, unchanged })
    .filter(([, number]) => number > 0)
    .map(([what, number]) => `${number} ${what}`);
  const rate = embedded > 0 ? ` (${(embedded / (ms / 1000)).toFixed(1)} passages/s)` : '';
  const lines = [
    `${counted(documents, 'page')}, ${counted(passages, 'passage')}: ${changes.join(', ')}`,
    `${counted(embedded, 'passage')} embedded in ${duration(ms)}${rate}; index ${megabytes(indexBytes)}`,
  ];
  if (problems.summary) lines.push(`left out: ${problems.summary}`);
  return lines.join('\n');
}

/** What is shown while a site is indexed. */
class IndexProgress {
  readonly #line: ProgressLine;
  #files = 0;
  #read = 0;
  #embedded = 0;
  #rate = new Rate();

  constructor(line: ProgressLine) {
    this.#line = line;
  }

  /** @param files how many there are; 0 where that is not known */
  begin(files: number): void {
    this.#files = files;
    this.#read = 0;
    this.#embedded = 0;
    this.#rate = new Rate();
  }

  read(): void {
    this.#read += 1;
    this.#show();
  }

  embedded(embedded: number, _passages: number): void {
    this.#embedded = embedded;
    this.#show();
  }

  #show(): void {
    this.#line.show(() => {
      const { perSecond, left } = this.#rate.of(this.#embedded, this.#read, this.#files);
      const pages =
        this.#files > 0 ? `${this.#read} of ${counted(this.#files, 'page')}` : counted(this.#read, 'page');
      return [
        pages,
        counted(this.#embedded, 'passage'),
        `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`,
        left,
      ]
        .filter(Boolean)
        .join(' · ');
    });
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if (!(await stat(folder)).isDirectory()) throw new Error('it is not a folder');
  } catch (thrown) {
    const advice = 'choose another with --out';
    throw new DocsiftError(
      'invalid_options',
      `${folder} cannot be written to: ${messageOf(thrown)}; ${advice}`,
    );
  }
}
