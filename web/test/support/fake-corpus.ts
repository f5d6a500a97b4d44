/** The documents of a fake engine, and their retrieval. */
import { createHash } from 'node:crypto';
import type { Candidate, Retrieval, RetrievalOptions, Standing } from '../../src/engine/protocol.js';
import { countFacets, failingField } from '../../src/query/where.js';
import type { SearchDocument, Where } from '../../src/types.js';

export interface FakePassage {
  id: number;
  document: SearchDocument;
  text: string;
  input: string;
  vector?: Float32Array;
}

export class FakeCorpus {
  passages: FakePassage[] = [];

  add(documents: object[], replace: boolean): void {
    const added = documents as SearchDocument[];
    for (const { id, body } of added) {
      if (typeof body !== 'string')
        throw typed('invalid_input', `document "${id}": expected "body" to be text`);
      if (!replace && this.passages.some(({ document }) => document.id === id)) {
        throw typed('invalid_input', `document "${id}" is there already`);
      }
    }
    const kept = new Map(this.passages.map(({ input, vector }) => [input, vector]));
    this.remove(added.map(({ id }) => id));
    for (const document of added) {
      for (const text of document.body.split('\n\n')) {
        const input = `${document.title}. ${text}`;
        const vector = kept.get(input);
        this.passages.push({ id: this.#nextId(), document, text, input, ...(vector && { vector }) });
      }
    }
  }

  remove(ids: string[]): number {
    const before = this.counts().documents;
    this.passages = this.passages.filter(({ document }) => !ids.includes(document.id));
    return before - this.counts().documents;
  }

  setVector(id: number, vector: Float32Array): void {
    const passage = this.passages.find((candidate) => candidate.id === id);
    if (passage) passage.vector = vector;
  }

  waiting(): FakePassage[] {
    return this.passages.filter(({ vector }) => !vector);
  }

  counts() {
    const passages = this.passages.length;
    const documents = new Set(this.passages.map(({ document }) => document.id)).size;
    return { documents, passages, embedded: passages - this.waiting().length };
  }

  /** By words alone where there is no vector to compare with. */
  retrieve(query: string, options: RetrievalOptions, compare?: (vector: Float32Array) => number): Retrieval {
    const where = options.where as Where | undefined;
    const terms = words(query);
    const fitting = this.passages.filter(({ document }) => failingField(document, where) === undefined);
    const scored = fitting.map((passage): Candidate => {
      const { id: passageId, document, text, input, vector } = passage;
      const cosine = vector && compare?.(vector);
      const bm25 = terms.filter((word) => words(input).includes(word)).length;
      const hash = createHash('sha256').update(input).digest('hex').slice(0, 16);
      const identity = { passageId, documentId: document.id, text, input, hash, tokens: input.length >> 2 };
      return { ...identity, cosine, bm25, boost: 0, fused: cosine ?? bm25 };
    });
    rankBy(scored, 'lexicalRank', ({ bm25 }) => bm25);
    rankBy(scored, 'denseRank', ({ cosine }) => cosine ?? 0);
    scored.sort((a, b) => b.fused - a.fused);
    const found = compare ? scored : scored.filter(({ bm25 }) => bm25 > 0);
    const best = found.slice(0, options.limit);
    const ids = [...new Set(best.map(({ documentId }) => documentId))];
    const whole = ids.slice(0, options.texts);
    const candidates = best.map(({ text, input, ...candidate }) =>
      whole.includes(candidate.documentId) ? { ...candidate, text, input } : candidate,
    );
    const documents = ids.map((id) => {
      const document = this.#document(id);
      return [id, whole.includes(id) ? document : { ...document, body: '' }] as const;
    });
    const all = new Map(this.passages.map(({ document }) => [document.id, document]));
    return {
      stage: compare ? 'hybrid' : 'lexical',
      candidates,
      documents: Object.fromEntries(documents),
      terms: terms.map((text) => {
        const holding = this.passages.filter(({ input }) => words(input).includes(text));
        const kind = /\d/.test(text) ? 'identifier' : 'word';
        return { text, kind, matched: holding.length > 0 ? [text] : [], documents: holding.length };
      }),
      facets: options.facets && countFacets([...all.values()], options.facets),
      excluded: [...all.values()].filter((document) => failingField(document, where)).length,
      explanation:
        options.explain === undefined ? undefined : this.#explain(options.explain, scored, options),
    };
  }

  #explain(documentId: string, scored: Candidate[], { where, limit }: RetrievalOptions): Standing {
    const document = this.#document(documentId);
    const ranked = scored.map((candidate, i) => ({ ...candidate, fusedRank: i + 1 }));
    const excludedBy = document && failingField(document, where as Where | undefined);
    const passages = ranked.filter((candidate) => candidate.documentId === documentId);
    return { documentId, inIndex: document !== undefined, excludedBy, passages, cut: limit };
  }

  #document(id: string): SearchDocument {
    return this.passages.find(({ document }) => document.id === id)?.document as SearchDocument;
  }

  #nextId(): number {
    return this.passages.reduce((most, { id }) => Math.max(most, id + 1), 0);
  }
}

function rankBy(
  candidates: Candidate[],
  name: 'lexicalRank' | 'denseRank',
  score: (candidate: Candidate) => number,
): void {
  const listed = candidates.filter((candidate) => score(candidate) > 0);
  listed.sort((a, b) => score(b) - score(a));
  listed.forEach((candidate, i) => {
    candidate[name] = i + 1;
  });
}

export function vectorOf(text: string, dims: number): Float32Array {
  const row = new Float32Array(dims);
  for (const word of words(text)) {
    let hash = 7;
    for (const character of word) hash = (hash * 31 + character.charCodeAt(0)) % 9973;
    row[hash % dims] = (row[hash % dims] as number) + 1;
  }
  const length = Math.hypot(...row) || 1;
  return row.map((value) => value / length);
}

export function words(text: string): string[] {
  return text.toLowerCase().match(/\w+/g) ?? [];
}

export function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

export function typed(code: string, message: string): Error {
  return Object.assign(new Error(message), { name: 'DocsiftError', code });
}
