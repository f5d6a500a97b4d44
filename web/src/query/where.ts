/** Conditions on documents and counts of their values, for what is found without the engine. Pure. */
import type { Condition, Facets, Scalar, SearchDocument, Where } from '../types.js';

/** The first field whose condition a document does not fulfil; `undefined` where it fulfils all. */
export function failingField(document: SearchDocument, where: Where | undefined): string | undefined {
  return Object.entries(where ?? {}).find(
    ([field, condition]) => !fulfils(ownValue(document, field), condition),
  )?.[0];
}

/** How often each value of the fields occurs. */
export function countFacets(documents: readonly SearchDocument[], fields: readonly string[]): Facets {
  const countsOf = (field: string) => {
    const counts = new Map<string, number>();
    for (const document of documents) {
      for (const value of new Set(valuesOf(ownValue(document, field)).map(String))) {
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
    return Object.fromEntries(counts);
  };
  // Unlike an assignment, this has no other meaning for a field called `__proto__`.
  return Object.fromEntries(fields.map((field) => [field, countsOf(field)]));
}

/** A document's own value: a field called `constructor` is not what every object inherits. */
function ownValue(document: SearchDocument, field: string): unknown {
  return Object.hasOwn(document, field) ? document[field] : undefined;
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
