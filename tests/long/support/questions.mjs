/** Queries of all kinds, the same in every run. */
import { sequence } from '../../../bench/lib/made-pages.mjs';

/** A question as long as any that is read, and then some. */
const LONG_CHARACTERS = 2_500;

/**
 * @typedef {object} Asked
 * @property {string} text
 * @property {object} options
 * @property {'lexical' | 'hybrid' | 'reranked'} [abortAt] given up by its signal when this stage is there
 * @property {'lexical' | 'hybrid' | 'reranked'} [leaveAt] given up by leaving the loop then
 */

/**
 * @param {number} count
 * @param {string[]} titles of the pages that there are
 * @param {string[]} sections
 * @returns {Asked[]}
 */
export function makeQuestions(count, titles, sections) {
  const random = sequence(7);
  /** @template T @param {readonly T[]} list @returns {T} */
  const any = (list) => list[Math.floor(random() * list.length)];

  const misspelt = (/** @type {string} */ text) => {
    const at = 1 + Math.floor(random() * Math.max(1, text.length - 2));
    return any([
      text.slice(0, at) + text.slice(at + 1),
      text.slice(0, at) + (text[at + 1] ?? '') + (text[at] ?? '') + text.slice(at + 2),
      `${text.slice(0, at)}q${text.slice(at)}`,
    ]);
  };
  const long = () => {
    let text = any(titles);
    while (text.length < LONG_CHARACTERS) text += ` ${any(titles)}`;
    return text;
  };
  const texts = [
    () => any(any(titles).split(' ')),
    () => any(titles),
    () => any(titles),
    () => misspelt(any(titles)),
    () => `How can I ${any(titles)} when ${any(titles)} does not work any more?`,
    long,
    () => any(titles).slice(0, 5),
    () => any(['', ' ', '?', '…', 'zzzzqqqq', '日本語の質問', 'e'.repeat(300)]),
  ];
  const options = [
    () => ({ rerank: 'all' }),
    () => ({ rerank: 'all', trace: true }),
    () => ({ rerank: false, limit: 20 }),
    () => ({ rerank: 'auto', typing: true }),
    () => ({ rerank: { budgetMs: 50 } }),
    () => ({ rerank: false, where: { section: any(sections) }, facets: ['section'] }),
    () => ({ rerank: 'all', retrieve: 20, where: { section: { not: any(sections) } } }),
    () => ({ rerank: 'all', rerankTokens: 60, boost: { section: { [any(sections)]: 0.1 } } }),
  ];
  const stages = /** @type {const} */ (['lexical', 'hybrid', 'reranked']);

  return Array.from({ length: count }, () => {
    const asked = { text: any(texts)(), options: any(options)() };
    const dice = random();
    if (dice < 0.1) return { ...asked, abortAt: any(stages) };
    if (dice < 0.2) return { ...asked, leaveAt: any(stages) };
    return asked;
  });
}

/**
 * Runs in the page: asks one after the other, and says what became of them.
 *
 * @param {Asked[]} questions
 */
export async function askAll(questions) {
  const ended = {
    answered: 0,
    aborted: 0,
    left: 0,
    reranked: 0,
    empty: 0,
    problems: /** @type {string[]} */ ([]),
  };
  for (const { text, options, abortAt, leaveAt } of questions) {
    const controller = new AbortController();
    let last;
    let left = false;
    try {
      for await (last of window.search.stream(text, { ...options, signal: controller.signal })) {
        if (last.stage === abortAt) controller.abort();
        if (last.stage === leaveAt) {
          left = true;
          break;
        }
      }
      if (left) ended.left += 1;
      else {
        ended.answered += 1;
        if (last.stage === 'reranked') ended.reranked += 1;
        if (last.hits.length === 0) ended.empty += 1;
        if (!last.final) ended.problems.push(`${text}: its last result was not final`);
        if (last.reason) ended.problems.push(`${text}: ${last.reason.message}`);
      }
    } catch (error) {
      if (error.name === 'AbortError') ended.aborted += 1;
      else ended.problems.push(`${text}: ${error.message}`);
    }
  }
  return ended;
}
