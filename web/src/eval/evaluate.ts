/** Runs every query of a set and gathers what came of it. */
import type { Search } from '../search.js';
import type { QueryOptions } from '../types.js';
import type { Dataset } from './dataset.js';
import { type Candidates, toCandidates } from './fidelity.js';
import { judge, type Outcome } from './outcome.js';
import { Pace } from './pace.js';
import { ask, openSystem, retrieveAll, type SystemOptions } from './system.js';

/** What the set cost. Times in milliseconds, sizes in bytes. */
export interface Costs {
  indexMs: number;
  /** How many passages were embedded in that time; the others had their vectors from before. */
  embedded: number;
  workers: number;
  /** WebAssembly memory of all workers: with models and documents loaded, and after all queries. */
  indexedBytes: number;
  peakBytes: number;
}

export interface SetResult {
  name: string;
  documents: number;
  passages: number;
  runtime: string;
  outcomes: Outcome[];
  /** What was reranked, a row for each query. */
  candidates: Candidates[];
  costs: Costs;
}

interface Row {
  outcome: Outcome;
  candidates: Candidates;
}

/**
 * Evaluates a set once for each of `variants`, which are options of `query`: one result each, over one index.
 *
 * Rejects where a model is not to be had: a measurement of a lower stage would pass for one of all.
 */
export async function evaluate(
  dataset: Dataset,
  options: SystemOptions,
  variants: readonly QueryOptions[],
  onProgress: (text: string) => void,
): Promise<SetResult[]> {
  const system = await openSystem(dataset.documents, options, onProgress);
  const { search, stats, indexMs, embedded } = system;
  try {
    const documents = new Map(dataset.documents.map((document) => [document.id, document]));
    const rows: Row[][] = [];
    const pace = new Pace();
    for (const query of dataset.queries) {
      const { length } = dataset.queries;
      onProgress(`query ${rows.length + 1} of ${length}${pace.left(rows.length, length)}`);
      const retrieved = await retrieveAll(search, query.text, stats.passages);
      const row: Row[] = [];
      for (const variant of variants) {
        const asked = await ask(search, query.text, variant);
        row.push({
          outcome: judge({ query, documents, ...retrieved, ...asked }),
          candidates: toCandidates(dataset.name, query, asked),
        });
      }
      rows.push(row);
    }
    const costs: Costs = {
      indexMs,
      embedded,
      workers: stats.memoryBytes.length,
      indexedBytes: sum(stats.memoryBytes),
      peakBytes: sum(await memoryOf(search)),
    };
    return variants.map((_, i) => ({
      name: dataset.name,
      documents: stats.documents,
      passages: stats.passages,
      runtime: stats.runtime ?? 'unknown',
      outcomes: rows.flatMap((row) => row[i]?.outcome ?? []),
      candidates: rows.flatMap((row) => row[i]?.candidates ?? []),
      costs,
    }));
  } finally {
    search.close();
  }
}

async function memoryOf(search: Search): Promise<number[]> {
  return (await search.stats()).memoryBytes;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
