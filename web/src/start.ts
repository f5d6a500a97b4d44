/** What a search begins with: the engine, and an index of a site. */
import { Collection } from './collection.js';
import { launch, lexicalStarter } from './engine/launch.js';
import type { Pool } from './engine/pool.js';
import { DocsiftError } from './errors.js';
import { WordSearch } from './lexical/word-search.js';
import type { Settings } from './options.js';
import type { Variant } from './runtime.js';
import { SiteIndex } from './site-index.js';

export interface Engine {
  pool: Pool;
  collection: Collection;
  variant: Variant;
}

/**
 * Fetches what an index needs to be found by its words, and has the lexical half open it. Where WebAssembly is blocked it is
 * found by its titles; `words` is `undefined` where there is no lexical half to be had for another reason.
 */
export async function openSite(
  address: string | URL,
  settings: Settings,
): Promise<{ index: SiteIndex; words: WordSearch | undefined }> {
  const opening = SiteIndex.open(address, {
    cache: settings.cache,
    onProgress: (loaded, total, file) => settings.onProgress({ stage: 'download', loaded, total, file }),
  });
  const words = new WordSearch(lexicalStarter(settings), opening);
  try {
    const index = await opening;
    await words.opened();
    return { index, words };
  } catch (thrown) {
    const error = DocsiftError.from(thrown);
    if (error.code === 'no_wasm') return { index: await opening, words };
    words.close(error);
    if (error.code === 'invalid_index') throw error;
    return { index: await opening, words: undefined };
  }
}

/** Starts the engine; with an index to be opened, it has that but for the vectors. */
export async function startEngine(settings: Settings, index?: SiteIndex): Promise<Engine> {
  let collection: Collection | undefined;
  const { pool, variant } = await launch(settings, async (primary) => collection?.rebuild(primary));
  collection = new Collection(pool, settings.workers, (loaded, total) =>
    settings.onProgress({ stage: 'embed', loaded, total }),
  );
  try {
    if (index) await collection.open(index);
  } catch (error) {
    pool.close();
    throw error;
  }
  index?.release();
  return { pool, collection, variant };
}
