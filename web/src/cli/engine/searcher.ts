/** A search over the index in a folder. */
import { availableParallelism } from 'node:os';
import { Collection } from '../../collection.js';
import { launch } from '../../engine/launch.js';
import { DocsiftError } from '../../errors.js';
import { ModelCatalogue, resolveOptions } from '../../options.js';
import { Search } from '../../search.js';
import { readIndex } from '../deploy/index-files.js';
import { readState } from '../deploy/state.js';

export interface SearcherOptions {
  /** The folder of `manifest.json`. */
  modelBaseUrl: string;
  embedder?: string | undefined;
  /** `false` leaves reranking out. */
  reranker?: string | false | undefined;
  workers?: number | undefined;
}

/** Opens the index in a folder. Rejects with `index_not_found` or `invalid_index`. */
export async function openSearch(folder: string, options: SearcherOptions): Promise<Search> {
  const [bytes, state] = await Promise.all([readIndex(folder), readState(folder)]);
  if (!bytes || !state)
    throw new DocsiftError(
      'index_not_found',
      `${folder}: there is no index in it; make one with docsift index`,
    );
  const workers = options.workers ?? availableParallelism();
  const settings = resolveOptions({ modelBaseUrl: options.modelBaseUrl, workers, cache: false });
  const catalogue = new ModelCatalogue(settings);
  const embedder = await catalogue.resolve('embedder', options.embedder);
  const reranker =
    options.reranker === false ? undefined : await catalogue.resolve('reranker', options.reranker);
  let collection: Collection | undefined;
  const { pool, variant } = await launch(settings, async (primary) => collection?.rebuild(primary));
  try {
    collection = new Collection(pool, workers, () => {});
    const { fingerprint } = state;
    await collection.restore({ bytes, fingerprint, modelKey: embedder.key, savedAt: new Date() });
    return new Search({
      engine: Promise.resolve({ pool, collection, variant }),
      embedder: Promise.resolve(embedder),
      reranker: reranker && Promise.resolve(reranker),
      words: undefined,
      options: {},
    });
  } catch (error) {
    pool.close();
    throw error;
  }
}
