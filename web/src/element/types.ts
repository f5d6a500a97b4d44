/** What the element needs of a search. The package's own `Search` has it; a page may pass anything else that does. */
import type { DocsiftError } from '../errors.js';
import type { Excerpt, Passage, SearchDocument, Stage } from '../types.js';

/** A document found, with its best passage. */
export interface ElementHit {
  id: string;
  document: SearchDocument;
  passage: Passage;
  excerpt: Excerpt;
  /** Other passages of the document that were found; those under headings of their own are offered as links. */
  passages?: readonly Passage[] | undefined;
}

/** One stage of an answer. */
export interface ElementResult {
  /** Best first. */
  hits: readonly ElementHit[];
  stage: Stage;
  /** Whether this is the last stage. */
  final?: boolean | undefined;
  /** Why a later stage is missing. */
  reason?: DocsiftError | undefined;
  /** With `minScore`: how many documents were left out of `hits` for it. */
  counts?: { belowMinScore?: number | undefined } | undefined;
  /** The query's words as the index has them; they are marked in titles. */
  terms?: readonly { text: string; matched: readonly string[] }[] | undefined;
}

/** How the element asks. */
export interface ElementQuery {
  /** How many documents to return. */
  limit: number;
  signal: AbortSignal;
  /** The query is still being typed: its last word may be the beginning of one. */
  typing: boolean;
  rerank: false | { budgetMs: number };
  /** From 0 to 1: documents that are less likely to answer are to be left out, where that is known. */
  minScore?: number | undefined;
}

export interface SearchLike {
  /** Yields the answer again and again, better each time; the last one has `final: true`. */
  stream(text: string, options: ElementQuery): AsyncIterable<ElementResult>;
}

/** A search that takes queries, and what it may still be waiting for. */
export interface OpenedSearch {
  search: SearchLike;
  /** Where documents are still being added: resolves when all are, rejects when they could not be. */
  complete?: Promise<void> | undefined;
  /** Where the page is to open with the network off: resolves when it does, rejects when it will not. */
  kept?: Promise<void> | undefined;
}
