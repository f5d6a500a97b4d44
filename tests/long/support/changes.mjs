/** Random changes of a search's documents, the same in every run, and what the documents are after them. */
import { pageMaker, sequence } from '../../../bench/lib/made-pages.mjs';
import { CORPUS } from './corpus.mjs';

/** The most documents that one change is about. */
const AT_ONCE = 6;

/**
 * @typedef {{ id: string, title: string, body: string }} Page
 * @typedef {{ add: Page[] } | { update: Page[] } | { remove: string[] }} Change
 */

/**
 * @param {number} documents that there are at first
 * @param {number} rounds
 * @returns {{ first: Page[], rounds: Change[][], last: Page[] }} changes of one round are asked for at the same time; `last`
 *   is what there is in the end, in the order in which each was last changed
 */
export function makeChanges(documents, rounds) {
  const random = sequence(3);
  const makePage = pageMaker(CORPUS, random);
  const upTo = (/** @type {number} */ most) => 1 + Math.floor(random() * most);
  let made = 0;
  const newPages = (/** @type {number} */ count) => Array.from({ length: count }, () => makePage(made++));

  /** @type {Map<string, Page>} */
  const present = new Map();
  const put = (/** @type {Page[]} */ pages) => {
    for (const page of pages) {
      present.delete(page.id);
      present.set(page.id, page);
    }
  };
  const someIds = () => {
    const ids = [...present.keys()];
    return [...new Set(Array.from({ length: upTo(AT_ONCE) }, () => ids[Math.floor(random() * ids.length)]))];
  };
  /** Other text, or only another field, or all as it was. */
  const changed = (/** @type {Page} */ page) => {
    const dice = random();
    if (dice < 0.2) return page;
    if (dice < 0.4) return { ...page, section: `Section ${upTo(9)}` };
    return { ...makePage(CORPUS.length + Math.floor(random() * 5_000)), id: page.id };
  };
  /** @returns {Change} */
  const makeChange = () => {
    const dice = random();
    if (dice < 0.35 || present.size < AT_ONCE) {
      const add = newPages(upTo(AT_ONCE));
      put(add);
      return { add };
    }
    if (dice < 0.7) {
      const update = someIds().map((id) => changed(/** @type {Page} */ (present.get(id))));
      // An update may bring pages that are new.
      if (random() < 0.3) update.push(...newPages(1));
      put(update);
      return { update };
    }
    const remove = someIds();
    for (const id of remove) present.delete(id);
    return { remove: [...remove, 'never-there'] };
  };

  const first = newPages(documents);
  put(first);
  const changes = Array.from({ length: rounds }, () => Array.from({ length: upTo(3) }, makeChange));
  return { first, rounds: changes, last: [...present.values()] };
}

/**
 * Runs in the page: makes the changes, those of one round without waiting for each other.
 *
 * @param {Change[][]} rounds
 */
export async function makeAll(rounds) {
  for (const changes of rounds) {
    const made = changes.map(({ add, update, remove }) => {
      if (add) return window.search.add(add);
      return update ? window.search.update(update) : window.search.remove(remove);
    });
    await Promise.all(made);
  }
}

/**
 * Runs in the page: all that a search answers to some questions, at each stage.
 *
 * @param {string[]} questions
 */
export async function answersTo(questions) {
  const answers = [];
  for (const text of questions) {
    const stages = {};
    for await (const { stage, trace, hits, terms, facets } of window.search.stream(text, {
      ...{ trace: true, limit: 20, facets: ['section'] },
    })) {
      stages[stage] = {
        hits: hits.map(({ document, passage, scores, rank, retrievalRank }) => {
          return { document, passage, scores, rank, retrievalRank };
        }),
        candidates: trace.candidates.map(({ documentId, passage, input, scores, lexicalRank, denseRank }) => {
          return { documentId, passage, input, scores, lexicalRank, denseRank };
        }),
        terms,
        facets,
      };
    }
    answers.push({ text, stages });
  }
  return answers;
}
