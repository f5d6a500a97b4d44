/** What a query was asked for: its options with every default filled in, and checked. */
import { DocsiftError } from '../errors.js';
import type { Boost, QueryOptions, RerankMode, Where } from '../types.js';

export interface Query {
  text: string;
  retrieve: number;
  limit: number;
  where: Where | undefined;
  boost: Boost | undefined;
  minScore: number | undefined;
  facets: readonly string[] | undefined;
  typing: boolean;
  correct: boolean;
  rerank: RerankMode;
  rerankTokens: number | undefined;
  trace: boolean;
  /** The document whose standing is asked for. */
  explain: string | undefined;
}

/** So many UTF-16 units of a query are read; the models take far fewer, and a longer one would only take time. */
export const MAX_QUERY_LENGTH = 2000;

/** Throws `invalid_input` for what makes no sense. Fields of `where` and `boost` are the engine's to check. */
export function checkQuery(text: string, options: QueryOptions, explain?: string): Query {
  const { retrieve = 50, limit = 5, rerank = 'all', typing = false, correct = true, trace = false } = options;
  const { where, boost, facets, rerankTokens, minScore } = options;
  if (typeof text !== 'string') fail('expected the query to be a string');
  checkCount('retrieve', retrieve);
  checkCount('limit', limit);
  if (rerankTokens !== undefined) checkCount('rerankTokens', rerankTokens);
  if (!isRerankMode(rerank)) {
    fail(`rerank: expected "all", "auto", false or { budgetMs }, found ${JSON.stringify(rerank)}`);
  }
  if (minScore !== undefined && !(typeof minScore === 'number' && minScore >= 0 && minScore <= 1)) {
    const found = typeof minScore === 'number' ? minScore : JSON.stringify(minScore);
    fail(`minScore: expected a number from 0 to 1, found ${found}`);
  }
  if (where !== undefined && !isObject(where)) fail('where: expected an object of conditions by field');
  if (boost !== undefined && !isObject(boost)) fail('boost: expected an object of additions by field');
  if (facets !== undefined && !(Array.isArray(facets) && facets.every((name) => typeof name === 'string'))) {
    fail('facets: expected an array of names of fields');
  }
  return {
    text: text.slice(0, MAX_QUERY_LENGTH),
    retrieve,
    limit,
    minScore,
    where,
    boost,
    facets,
    typing,
    correct,
    rerank,
    rerankTokens,
    trace,
    explain,
  };
}

function isRerankMode(mode: unknown): mode is RerankMode {
  if (mode === 'all' || mode === 'auto' || mode === false) return true;
  if (!isObject(mode)) return false;
  const { budgetMs } = mode as { budgetMs?: unknown };
  return typeof budgetMs === 'number' && budgetMs >= 0;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    fail(`${name}: expected an integer of at least 1, found ${value}`);
}

function fail(message: string): never {
  throw new DocsiftError('invalid_input', message);
}
