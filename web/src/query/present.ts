/** What a query's caller sees of a moment in its course. Pure. */
import { type Calibrations, withScores } from '../calibration.js';
import { estimateTokens } from '../engine/job.js';
import type { Candidate, Retrieval } from '../engine/protocol.js';
import type { DocsiftError } from '../errors.js';
import { excerptOf } from '../excerpt.js';
import { passageOf, type Ranked, rank, toHits, trustIn } from '../ranking.js';
import type {
  Excerpt,
  Hit,
  QueryResult,
  RerankReport,
  SearchDocument,
  Stage,
  Timings,
  Trace,
  TraceCandidate,
  TraceStep,
} from '../types.js';
import type { Query } from './options.js';

/** A moment in the course of a query. */
export interface Snapshot {
  stage: Stage;
  final: boolean;
  retrieval: Retrieval;
  /** By the candidates' positions; empty before reranking. */
  logits: readonly (number | undefined)[];
  /** Of the openings that were read, by their documents. */
  openings: ReadonlyMap<string, number>;
  /** The positions of those that were cached. */
  cached: ReadonlySet<number>;
  calibrations: Calibrations;
  rerank: RerankReport;
  timings: Timings;
  /** Whether the query was embedded for it, or its embedding kept. */
  embedded: 'computed' | 'kept' | false;
  /** The query as the models read it, where that is not as it was asked. */
  corrected: string | undefined;
  reason: DocsiftError | undefined;
}

export const NOTHING_FOUND: Retrieval = {
  ...{ stage: 'lexical', candidates: [], documents: {}, terms: [], facets: undefined, excluded: 0 },
};

/** A candidate belongs to one query, and is seen in several of its results. */
const excerpts = new WeakMap<Candidate, Excerpt>();

export function present(snapshot: Snapshot, query: Query): QueryResult {
  const { stage, final, retrieval, logits, calibrations, rerank, timings, reason } = snapshot;
  const { candidates, documents, terms, facets } = retrieval;
  const openings = { share: calibrations.openingShare, logits: snapshot.openings };
  const ordered = rank(candidates, logits, calibrations.mixingWeight, trustIn(query.text), openings);
  const ranked = withScores(ordered, calibrations);
  const reranked = logits.filter((logit) => logit !== undefined).length;
  const found = toHits(ranked, documents, query.limit, (candidate) => {
    const excerpt = excerpts.get(candidate) ?? excerptOf(candidate.text ?? '', query.text, terms);
    excerpts.set(candidate, excerpt);
    return excerpt;
  });
  const { hits, leftOut } = enough(found, query.minScore);
  return {
    hits,
    stage,
    final,
    reason,
    timings,
    counts: { candidates: candidates.length, reranked, ...leftOut },
    rerank,
    terms,
    corrected: snapshot.corrected,
    facets,
    trace: query.trace ? traceOf(snapshot, ranked, query) : undefined,
  };
}

/** Leaves out what is less likely than was asked for, where there are probabilities to tell. */
function enough(
  found: Hit[],
  minScore: number | undefined,
): { hits: Hit[]; leftOut: { belowMinScore?: number } } {
  if (minScore === undefined || found[0]?.score === undefined) return { hits: found, leftOut: {} };
  const hits = found.filter(({ score }) => (score as number) >= minScore);
  return { hits, leftOut: { belowMinScore: found.length - hits.length } };
}

function traceOf(snapshot: Snapshot, ranked: readonly Ranked[], query: Query): Trace {
  const { terms, excluded, documents } = snapshot.retrieval;
  const candidates = ranked.map((each): TraceCandidate => {
    const { candidate, score, scores, rank, retrievalRank } = each;
    const { documentId, input, lexicalRank, denseRank, tokens } = candidate;
    const scored = snapshot.cached.has(retrievalRank - 1) ? 'cached' : 'computed';
    return {
      documentId,
      title: (documents[documentId] as SearchDocument).title,
      passage: passageOf(candidate),
      input: input ?? '',
      score,
      scores,
      lexicalRank,
      denseRank,
      rank,
      retrievalRank,
      tokens,
      scored: scores.cross === undefined ? undefined : scored,
    };
  });
  return {
    terms,
    excluded,
    candidates,
    lexical: listBy(candidates, 'lexicalRank'),
    dense: listBy(candidates, 'denseRank'),
    openings: Object.entries(snapshot.retrieval.openings ?? {}).flatMap(([documentId, { input }]) => {
      const logit = snapshot.openings.get(documentId);
      return logit === undefined ? [] : { documentId, input, logit };
    }),
    openingShare: snapshot.calibrations.openingShare,
    steps: stepsOf(snapshot, query),
  };
}

/** Those that are in one of the retriever's two lists, in its order. */
function listBy(candidates: readonly TraceCandidate[], by: 'lexicalRank' | 'denseRank'): TraceCandidate[] {
  return candidates
    .filter((candidate) => candidate[by] !== undefined)
    .sort((a, b) => (a[by] as number) - (b[by] as number));
}

function stepsOf(snapshot: Snapshot, query: Query): TraceStep[] {
  const { stage, final, timings, rerank, embedded, reason } = snapshot;
  const absent = final ? (reason?.message ?? 'there is nothing to retrieve by but words') : 'pending';
  const unread = rerank.why === 'failed' ? (reason?.message ?? rerank.why) : rerank.why;
  const embedding = {
    computed: { tokens: estimateTokens(snapshot.corrected ?? query.text) + 2 },
    kept: { skipped: 'its embedding was kept from an earlier query' },
    no: { skipped: stage === 'lexical' ? absent : 'the retriever needs none' },
  }[embedded || 'no'];
  return [
    { step: 'lexical', ms: timings.lexical },
    { step: 'embedQuery', ms: timings.embedQuery, ...embedding },
    { step: 'retrieve', ms: timings.retrieve, ...(stage === 'lexical' && { skipped: absent }) },
    {
      step: 'rerank',
      ms: timings.rerank,
      ...(stage === 'reranked' ? { tokens: rerank.tokens } : { skipped: unread }),
    },
  ];
}
