/** A retriever and a reranker of the caller's, in place of the engine's. */
import { estimateTokens } from '../engine/job.js';
import type { Candidate, Retrieval, RetrievalOptions } from '../engine/protocol.js';
import { DocsiftError } from '../errors.js';
import { checkDocuments } from '../lexical/check.js';
import type { SearchDocument, Where } from '../types.js';
import { callOwn, type FunctionOptions, type RerankFunction, type RetrieveFunction } from './functions.js';
import type { Retriever, Scorer } from './run.js';
import { countFacets, failingField } from './where.js';

export function ownRetriever(retrieve: RetrieveFunction, timeoutMs: number): Retriever {
  return {
    failed: () => false,
    ready: Promise.resolve({}),
    retrieve: async (text, _vector, options, signal) => {
      const call = (own: FunctionOptions) => retrieve(text, options.limit, own);
      return { retrieval: retrievalOf(await callOwn('retriever', call, { signal, timeoutMs }), options) };
    },
  };
}

export function ownScorer(rerank: RerankFunction, timeoutMs: number): Scorer {
  return {
    ready: Promise.resolve({ mixingWeight: 0, openingShare: 0, divisible: false }),
    rate: () => undefined,
    score: async (query, texts, { signal, onScores }) => {
      const call = (own: FunctionOptions) => rerank(query, texts, own);
      const logits = await callOwn('reranker', call, { signal, timeoutMs });
      checkOwnScores(logits, texts.length);
      onScores([...texts.keys()], logits);
      return logits;
    },
  };
}

/** Every document is one passage, its `score` the fused one; where it has none, 1 ÷ its place is. */
function retrievalOf(
  found: readonly SearchDocument[],
  { limit, where, facets, explain }: RetrievalOptions,
): Retrieval {
  check(found);
  const fitting = found.filter(
    (document) => failingField(document, where as Where | undefined) === undefined,
  );
  const best = fitting.slice(0, limit);
  return {
    stage: 'hybrid',
    candidates: best.map(candidateOf),
    documents: Object.fromEntries(best.map((document) => [document.id, document])),
    terms: [],
    facets: facets && countFacets(fitting, facets),
    excluded: found.length - fitting.length,
    explanation: explain === undefined ? undefined : standingOf(explain, found, where as Where, limit),
  };
}

function candidateOf(document: SearchDocument, index: number): Candidate {
  const { id: documentId, title, body: text, score } = document;
  const input = `${title}. ${text}`;
  const fused = typeof score === 'number' ? score : 1 / (index + 1);
  // The text itself tells passages apart.
  const identity = { passageId: index, documentId, text, input, hash: input, tokens: estimateTokens(input) };
  return { ...identity, bm25: 0, boost: 0, fused };
}

function standingOf(
  documentId: string,
  found: readonly SearchDocument[],
  where: Where | undefined,
  cut: number,
) {
  const document = found.find(({ id }) => id === documentId);
  const excludedBy = document && failingField(document, where);
  // What the retriever knows of is not known here.
  return { documentId, inIndex: true, excludedBy, passages: [], cut };
}

function check(found: readonly SearchDocument[]): void {
  try {
    if (!Array.isArray(found)) throw new DocsiftError('invalid_input', 'expected an array of documents');
    checkDocuments(found, () => false);
  } catch (thrown) {
    const { message } = DocsiftError.from(thrown);
    throw new DocsiftError('function_failed', `the retriever gave something else than documents: ${message}`);
  }
}

function checkOwnScores(logits: ArrayLike<number>, expected: number): void {
  const scores = Array.from(logits ?? []);
  if (scores.length === expected && scores.every(Number.isFinite)) return;
  const problem = `expected ${expected} finite numbers, found ${scores.length} values`;
  throw new DocsiftError('function_failed', `the reranker gave something else than scores: ${problem}`);
}
