/** Graded queries over documentation of many sources, as sets to be evaluated. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { StepError } from '../scripts/steps.mjs';

/** @typedef {import('../dist/types/eval/index.js').Dataset} Dataset */

const LARGEST_FILE = 2 ** 30;

/**
 * Reads `passages.jsonl` (a text a line), `headings.jsonl` (its heading, or null) and `graded.jsonl` (`{q, cand, grades,
 * src}`: a query, the line numbers of passages from 0, and the grade of each from 0 to 3), each as it is or with `.xz`. A
 * set has the queries of a source, over the passages that were graded for any of them. Passages that were not graded for
 * a query have no grade.
 *
 * @param {string} folder
 * @returns {Dataset[]} in the order in which their sources first occur
 */
export function readGraded(folder) {
  const passages = readLines(folder, 'passages');
  const headings = readLines(folder, 'headings');
  /** @type {Map<string, { documents: Set<number>, queries: Dataset['queries'] }>} */
  const sources = new Map();
  for (const [i, { q, cand, grades, src }] of readLines(folder, 'graded').entries()) {
    if (typeof q !== 'string' || !Array.isArray(cand) || cand.length !== grades?.length)
      throw new StepError(
        `${folder}, graded query ${i + 1}: expected {q, cand, grades, src}, as many grades as candidates`,
        'name a folder with graded.jsonl, passages.jsonl and headings.jsonl',
      );
    const source = sources.get(src) ?? { documents: new Set(), queries: [] };
    sources.set(src, source);
    for (const passage of cand) {
      if (typeof passages[passage] !== 'string')
        throw new StepError(
          `${folder}, graded query ${i + 1}: there is no passage ${passage} of ${passages.length}`,
          'take the three files from one release',
        );
      source.documents.add(passage);
    }
    const judged = cand.map((passage, at) => [String(passage), grades[at]]);
    source.queries.push({ id: String(i), text: q, grades: new Map(judged) });
  }
  return [...sources].map(([src, { documents, queries }]) => ({
    name: `graded-${src.replace('/', '-')}`,
    documents: [...documents].map((at) => ({
      id: String(at),
      title: headings[at] ?? '',
      body: passages[at],
    })),
    queries,
  }));
}

/**
 * @param {string} folder
 * @param {string} name
 * @returns {any[]}
 */
function readLines(folder, name) {
  const file = path.join(folder, `${name}.jsonl`);
  const packed = `${file}.xz`;
  if (!existsSync(file) && !existsSync(packed))
    throw new StepError(
      `there is no ${file}`,
      'name a folder with graded.jsonl, passages.jsonl and headings.jsonl',
    );
  const text = existsSync(file) ? readFileSync(file, 'utf8') : unpack(packed);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** @param {string} file */
function unpack(file) {
  try {
    return execFileSync('xz', ['--decompress', '--stdout', file], {
      maxBuffer: LARGEST_FILE,
      encoding: 'utf8',
    });
  } catch (error) {
    throw new StepError(
      `xz could not unpack ${file}: ${error.message}`,
      'install xz, or unpack the file yourself',
    );
  }
}
