/** Conditions on documents and counts of their values, for what is found without the engine. Pure. */
import type { Condition, Facets, Scalar, SearchDocument, Where } from '../types.js';

/** The first field whose condition a document does not fulfil; `undefined` where it fulfils all. */
export function failingField(document: SearchDocument, where: Where | undefined): string | undefined {
  return Object.entries(where ?? {}).find(([field, condition]) => !fulfils(document[field], condition))?.[0];
}

/** How often each value of the fields occurs. */
export function countFacets(documents: readonly SearchDocument[], fields: readonly string[]): Facets {
  const facets: Facets = {};
  for (const field of fields) {
    const counts = new Map<string, number>();
    for (const document of documents) {
      for (const value of new Set(valuesOf(document[field]).map(String))) {
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
    facets[field] = Object.fromEntries(counts);
  }
  return facets;
}

function fulfils(field: unknown, condition: Condition): boolean {
  const values = valuesOf(field);
  if (Array.isArray(condition)) return values.some((value) => condition.includes(value));
  if (typeof condition !== 'object') return values.includes(condition);
  if ('not' in condition) return !values.some((value) => [condition.not].flat().includes(value));
  const { min, max } = condition as { min?: Scalar; max?: Scalar };
  return values.some((value) => atLeast(value, min) && atLeast(max, value));
}

/** Whether `a ≥ b`; a bound that is absent holds, and values of different types are not compared. */
function atLeast(a: Scalar | undefined, b: Scalar | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  return typeof a === typeof b && a >= b;
}

function valuesOf(field: unknown): Scalar[] {
  return (Array.isArray(field) ? field : [field]).filter((value) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  );
}
