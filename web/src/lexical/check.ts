/** The least that a document has to be, checked where no engine does. */
import { DocsiftError } from '../errors.js';
import type { SearchDocument } from '../types.js';

/** Throws `invalid_input` when one of `documents` is not valid, comes twice, or has an id that `isTaken`. */
export function checkDocuments(documents: readonly SearchDocument[], isTaken: (id: string) => boolean): void {
  const seen = new Set<string>();
  documents.forEach((document, i) => {
    const { id, title, body } = (document ?? {}) as Partial<SearchDocument>;
    if (typeof id !== 'string' || id === '') fail(`document ${i}: expected "id" to be text and not empty`);
    if (typeof title !== 'string') fail(`document "${id}": expected "title" to be text`);
    if (typeof body !== 'string') fail(`document "${id}": expected "body" to be text`);
    if (!title.trim() && !body.trim()) fail(`document "${id}": expected a title or a body, both are empty`);
    if (seen.has(id)) fail(`document "${id}" comes twice; give every document an id of its own`);
    if (isTaken(id)) fail(`document "${id}" is there already; use update to replace it`);
    seen.add(id);
  });
}

function fail(message: string): never {
  throw new DocsiftError('invalid_input', message);
}
