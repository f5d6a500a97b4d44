/** The demo's help center: restored from this browser, or fetched, embedded and kept for the next visit. */
import { createSearch, type Progress, type Search, type SearchDocument } from 'docsift';

/** Changes with the corpus, so that an index of an older copy is not used. */
const INDEX = 'zulip-help-2022-12';
const CORPUS = './corpus/zulip-help.json';

export interface HelpCenter {
  search: Search;
  /** Resolves when every article can be found by meaning; rejects when the articles cannot be had. */
  indexed: Promise<void>;
  restored: boolean;
}

export async function openHelpCenter(
  onProgress: (progress: Progress) => void,
  onNotKept: (reason: string) => void,
): Promise<HelpCenter> {
  try {
    return {
      search: await createSearch({ restore: INDEX, onProgress }),
      indexed: Promise.resolve(),
      restored: true,
    };
  } catch (error) {
    if (!hasCode(error, 'index_not_found', 'invalid_index', 'storage_unavailable')) throw error;
  }
  const search = await createSearch({ onProgress });
  return { search, indexed: index(search, onNotKept), restored: false };
}

async function index(search: Search, onNotKept: (reason: string) => void): Promise<void> {
  const response = await fetch(CORPUS);
  if (!response.ok)
    throw new Error(`The articles could not be fetched: the server answered ${response.status}.`);
  await search.add((await response.json()) as SearchDocument[]);
  try {
    await search.save(INDEX);
  } catch (error) {
    onNotKept(messageOf(error));
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
