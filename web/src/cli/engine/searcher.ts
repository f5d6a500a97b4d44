/** A search over the index in a folder. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { DocsiftError } from '../../errors.js';
import { createSearch, type Search } from '../../search.js';
import { INDEX_FILE } from '../../site-index.js';

export interface SearcherOptions {
  /** The folder of `manifest.json`. */
  modelBaseUrl: string;
  embedder?: string | undefined;
  /** `false` leaves reranking out. */
  reranker?: string | false | undefined;
  workers?: number | undefined;
}

/** Opens the index in a folder. Rejects with `index_not_found` or `invalid_index`. */
export async function openSearch(
  folder: string,
  { modelBaseUrl, embedder, reranker, workers }: SearcherOptions,
): Promise<Search> {
  const index = path.join(folder, INDEX_FILE);
  await access(index).catch(() => {
    const advice = 'make one with docsift index';
    throw new DocsiftError('index_not_found', `${folder}: there is no index in it; ${advice}`);
  });
  return createSearch({ index, modelBaseUrl, workers, models: { embedder, reranker } });
}
