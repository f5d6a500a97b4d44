/** What is left of search where WebAssembly is blocked: documents whose title has the words of the query. Pure. */
import type { Candidate, Retrieval, RetrievalOptions } from '../engine/protocol.js';
import { countFacets, failingField } from '../query/where.js';
import type { SearchDocument, Where } from '../types.js';
import { normalize, queryTerms, sameWord, segments } from '../words.js';

/** A document counts by the share of the query's telling words that its title has. Boosts are not taken into account. */
export function searchTitles(
  documents: Iterable<SearchDocument>,
  query: string,
  { limit, where, facets, typing, explain }: RetrievalOptions,
): Retrieval {
  const words = queryTerms(query);
  const terms = words.map((text) => ({
    ...{ text, kind: 'word' as const, matched: new Set<string>(), documents: 0 },
  }));
  const found: { document: SearchDocument; score: number }[] = [];
  let excluded = 0;
  let asked: SearchDocument | undefined;
  for (const document of documents) {
    if (document.id === explain) asked = document;
    if (failingField(document, where as Where | undefined) !== undefined) {
      excluded += 1;
      continue;
    }
    const title = wordsOf(document.title);
    let score = 0;
    terms.forEach((term, i) => {
      const isBeginning = typing && i === words.length - 1;
      const same = title.filter(
        (word) => sameWord(word, term.text) || (isBeginning && word.startsWith(term.text)),
      );
      if (same.length === 0) return;
      score += 1 / words.length;
      term.documents += 1;
      for (const word of same) term.matched.add(word);
    });
    if (score > 0) found.push({ document, score });
  }
  found.sort((a, b) => b.score - a.score);
  const best = found.slice(0, limit);
  return {
    stage: 'lexical',
    candidates: best.map(({ document, score }, i) => candidateOf(document, score, i)),
    documents: Object.fromEntries(best.map(({ document }) => [document.id, document])),
    terms: terms.map(({ matched, ...term }) => ({ ...term, matched: [...matched] })),
    facets:
      facets &&
      countFacets(
        found.map(({ document }) => document),
        facets,
      ),
    excluded,
    explanation: explain === undefined ? undefined : standingOf(explain, asked, where as Where, limit),
  };
}

function candidateOf(document: SearchDocument, score: number, index: number): Candidate {
  const { id: documentId, title, body: text } = document;
  const input = `${title}. ${text}`;
  const identity = { passageId: index, documentId, text, input, hash: input, tokens: 0 };
  return { ...identity, bm25: score, boost: 0, fused: score, lexicalRank: index + 1 };
}

function standingOf(
  documentId: string,
  document: SearchDocument | undefined,
  where: Where | undefined,
  cut: number,
) {
  const excludedBy = document && failingField(document, where);
  return { documentId, inIndex: document !== undefined, excludedBy, passages: [], cut };
}

function wordsOf(text: string): string[] {
  return segments(text, 'word').map(({ start, end }) => normalize(text.slice(start, end)));
}
