/** English. */
import type { Language } from './strings.js';

export const en: Language = {
  strings: {
    search: 'Search',
    placeholder: 'Search the docs',
    close: 'Close',
    clear: 'Clear',
    results: 'Results',
    found: { one: '{count} result', other: '{count} results' },
    none: 'No results for “{query}”',
    unanswered: 'Nothing here answers “{query}”',
    noneAdvice: 'Try fewer words, or other ones.',
    recent: 'Recent searches',
    clearRecent: 'Clear recent searches',
    recentHelp: 'Delete removes the chosen one.',
    failed: 'The search is not available.',
    retry: 'Try again',
    degraded: 'A simpler order: part of the search could not be loaded.',
    loading: 'Getting the search ready …',
    downloading: 'Downloading',
    indexing: 'Reading the articles',
    improving: 'Improving the order …',
    toOpen: 'to open',
    toNavigate: 'to move',
    toClose: 'to close',
    help: 'The arrow keys choose a result. Enter opens it, or the first if none is chosen.',
  },
};
