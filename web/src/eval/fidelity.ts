/** How far the scores of one way of computing are from those of another, over the same candidates. */
import { readFileSync } from 'node:fs';
import type { Precision } from '../engine/protocol.js';
import { DocsiftError } from '../errors.js';
import { loadReranker } from '../models.js';
import { withOpening } from '../ranking.js';
import type { JudgedQuery } from './dataset.js';
import { ndcg } from './metrics.js';
import { Pace } from './pace.js';
import { type Estimate, estimate, mean, spearman } from './statistics.js';
import type { Asked, SystemOptions } from './system.js';

/** The candidates of one query, in the retriever's order. */
export interface Candidates {
  set: string;
  query: JudgedQuery;
  /** The query as the reranker reads it. */
  read: string;
  /** The passages as it reads them, and after them the openings of the best documents. */
  inputs: string[];
  /** Of each passage. */
  documents: string[];
  /** The logits that the search itself gave, of all inputs. */
  logits: number[];
  /** Of each passage the place of its document's opening among the inputs, where that was read. */
  openings: (number | undefined)[];
  /** How much of a passage's logit the opening's is. */
  openingShare: number;
  /**
   * What the search adds to a passage's logit, so that any other logits can be ranked as it would rank them. Where it trusts logits
   * less, for a long query, those count by their difference from its own.
   */
  added: number[];
}

/** Agreement of one scoring with another. */
export interface Fidelity {
  queries: number;
  pairs: number;
  /** Spearman's correlation of the logits within a query's candidates. */
  spearman: { mean: number; least: number };
  /** The share of the five passages of highest logit that are the other's too; and of the five documents that are shown. */
  top5: { passages: number; documents: number };
  /** Of the documents as shown. */
  ndcg: { found: number; reference: number; difference: Estimate };
  /** The greatest difference of two logits, and the root of the mean square. */
  logits: { greatest: number; rms: number };
}

export function toCandidates(
  set: string,
  query: JudgedQuery,
  { reranked, read, openings, openingShare }: Omit<Asked, 'hits' | 'timings'>,
): Candidates {
  const ordered = [...reranked].sort((a, b) => a.retrievalRank - b.retrievalRank);
  const places = new Map(openings.map(({ documentId }, i) => [documentId, ordered.length + i]));
  const candidates = {
    logits: [
      ...ordered.map(({ scores }) => scores.cross ?? Number.NaN),
      ...openings.map(({ logit }) => logit),
    ],
    openings: ordered.map(({ documentId }) => places.get(documentId)),
    openingShare,
  };
  return {
    set,
    query,
    read,
    ...candidates,
    inputs: [...ordered, ...openings].map(({ input }) => input),
    documents: ordered.map(({ documentId }) => documentId),
    added: ordered.map(({ scores }, i) => scores.final - logitWithOpening(candidates, candidates.logits, i)),
  };
}

/** A passage's logit with its share of the opening's. */
function logitWithOpening(
  { openings, openingShare }: Pick<Candidates, 'openings' | 'openingShare'>,
  logits: readonly number[],
  passage: number,
): number {
  const opening = openings[passage];
  return withOpening(
    logits[passage] as number,
    opening === undefined ? undefined : logits[opening],
    openingShare,
  );
}

/** The logits of a reranker of the given precision, a row for each query. */
export async function scoreWith(
  precision: Precision,
  candidates: readonly Candidates[],
  { workers, modelBaseUrl, reranker: model }: SystemOptions,
  onProgress: (text: string) => void,
): Promise<number[][]> {
  const reranker = await loadReranker({ precision, workers, modelBaseUrl, model });
  try {
    const rows: number[][] = [];
    const pace = new Pace();
    for (const { read, inputs } of candidates) {
      const { length } = candidates;
      onProgress(`${precision}: query ${rows.length + 1} of ${length}${pace.left(rows.length, length)}`);
      rows.push(Array.from(await reranker.rerank(read, inputs)));
    }
    return rows;
  } finally {
    reranker.close();
  }
}

/** Reads logits made elsewhere: JSON lines `{set, id, logits}`, in the order in which the inputs were written out. */
export function readLogits(file: string, candidates: readonly Candidates[]): number[][] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const rows = new Map(
    lines.map((line) => {
      const { set, id, logits } = JSON.parse(line) as { set: string; id: string; logits: number[] };
      return [`${set}/${id}`, logits];
    }),
  );
  return candidates.map(({ set, query, inputs }) => {
    const logits = rows.get(`${set}/${query.id}`);
    if (logits?.length === inputs.length) return logits;
    const counts = `expected ${inputs.length} logits for ${set}/${query.id}, found ${logits?.length ?? 0}`;
    throw new DocsiftError('invalid_input', `${file}: ${counts}; make it anew from --export-pairs`);
  });
}

/** The lines of a file for `readLogits`' other side: what has to be scored. */
export function toPairs(candidates: readonly Candidates[]): string {
  const lines = candidates.map(({ set, query, read, inputs }) =>
    JSON.stringify({ set, id: query.id, query: read, inputs }),
  );
  return `${lines.join('\n')}\n`;
}

export function compareLogits(
  candidates: readonly Candidates[],
  found: readonly (readonly number[])[],
  reference: readonly (readonly number[])[],
): Fidelity {
  const rows = candidates.map((candidate, i) =>
    compareQuery(candidate, found[i] as number[], reference[i] as number[]),
  );
  const correlations = rows.flatMap((row) => row.spearman ?? []);
  const differences = rows.flatMap((row) => row.differences);
  return {
    queries: rows.length,
    pairs: differences.length,
    spearman: { mean: mean(correlations), least: Math.min(...correlations) },
    top5: { passages: mean(rows.map((row) => row.passages)), documents: mean(rows.map((row) => row.shown)) },
    ndcg: {
      found: mean(rows.map((row) => row.ndcg)),
      reference: mean(rows.map((row) => row.reference)),
      difference: estimate(rows.map((row) => row.ndcg - row.reference)),
    },
    logits: {
      greatest: Math.max(...differences.map(Math.abs)),
      rms: Math.sqrt(mean(differences.map((difference) => difference ** 2))),
    },
  };
}

function compareQuery(candidate: Candidates, found: readonly number[], reference: readonly number[]) {
  const { query, documents } = candidate;
  const passages = (logits: readonly number[]) => logits.slice(0, documents.length);
  const shown = (logits: readonly number[]) => showAll(candidate, logits);
  const grade = (ids: readonly string[]) => ids.map((id) => query.grades.get(id) ?? 0);
  const judged = [...query.grades.values()];
  const [ours, theirs] = [shown(found), shown(reference)];
  return {
    spearman: spearman(found, reference),
    passages: overlap(descending(passages(found)), descending(passages(reference))),
    shown: overlap(ours, theirs),
    ndcg: ndcg(grade(ours), judged, 10),
    reference: ndcg(grade(theirs), judged, 10),
    differences: found.map((logit, i) => logit - (reference[i] as number)),
  };
}

/** The documents in the order that the search would give them with these logits. */
function showAll(candidate: Candidates, logits: readonly number[]): string[] {
  const { documents, inputs, added } = candidate;
  const idsOf = (order: readonly number[]) => [...new Set(order.map((i) => documents[i] as string))];
  const bySelf = descending(added.map((each, i) => (logits[i] as number) + each));
  // As many as were read by their openings; one that was not, and would be now, counts without.
  const read = new Set(idsOf(bySelf).slice(0, inputs.length - documents.length));
  const byOpenings = descending(added.map((each, i) => logitWithOpening(candidate, logits, i) + each));
  const isRead = (i: number) => read.has(documents[i] as string);
  return idsOf([...byOpenings.filter(isRead), ...bySelf.filter((i) => !isRead(i))]);
}

/** Places of the scores, highest first; equal scores in their order. */
function descending(scores: readonly number[]): number[] {
  return scores.map((_, i) => i).sort((i, j) => (scores[j] as number) - (scores[i] as number));
}

/** The share of the first five of one list that are among those of the other. */
function overlap<T>(a: readonly T[], b: readonly T[]): number {
  const first = a.slice(0, 5);
  const others = new Set(b.slice(0, 5));
  return first.length === 0 ? 1 : first.filter((item) => others.has(item)).length / first.length;
}
