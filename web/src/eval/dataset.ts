/** Judged collections, read from disk: BEIR folders, or a corpus file and a file of judged queries. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DocsiftError } from '../errors.js';
import type { SearchDocument } from '../types.js';

export interface JudgedQuery {
  id: string;
  text: string;
  /** What kind of query it is, where the set says so. */
  kind?: string | undefined;
  /** The grades of judged documents by id; what is not here is not relevant. */
  grades: Map<string, number>;
}

export interface Dataset {
  name: string;
  documents: SearchDocument[];
  /** Those with at least one relevant document; the others cannot tell systems apart. */
  queries: JudgedQuery[];
}

/**
 * Reads a set. `where` is a BEIR folder (`corpus.jsonl`, `queries.jsonl`, and `qrels.tsv` or `qrels/test.tsv`), or the
 * paths of a corpus and of its judged queries with a colon between them.
 *
 * Throws `invalid_input` with the file and line of what cannot be read.
 */
export function readDataset(where: string): Dataset {
  const colon = where.indexOf(':', 2);
  if (colon > 0) return readPair(where.slice(0, colon), where.slice(colon + 1));
  if (existsSync(join(where, 'corpus.jsonl'))) return readBeir(where);
  throw invalid(where, 'expected a BEIR folder (corpus.jsonl, queries.jsonl, qrels), or corpus:queries');
}

/** Every `<name>.dev.jsonl` or `<name>.jsonl` of a folder of judged queries, with `<name>.jsonl` of the corpora. */
export function findPairs(corpora: string, judged: string): string[] {
  const files = readdirSync(judged)
    .filter((file) => file.endsWith('.jsonl'))
    .sort();
  return files.map((file) => `${join(corpora, `${setName(file)}.jsonl`)}:${join(judged, file)}`);
}

/** Documents `{id, title, body, …}`; queries `{qid, query, slice?, relevant: [{id, grade}]}`. */
function readPair(corpus: string, judged: string): Dataset {
  const queries = rows(judged).map(({ qid, query, slice, relevant }, i): JudgedQuery => {
    if (typeof query !== 'string' || !Array.isArray(relevant))
      throw invalid(`${judged}, query ${i + 1}`, 'expected "query" to be text and "relevant" a list');
    const grades = new Map(relevant.map(({ id, grade }) => [String(id), Number(grade)]));
    return { id: String(qid ?? i + 1), text: query, kind: textOr(slice), grades };
  });
  return dataset(setName(basename(judged)), rows(corpus).map(toDocument), queries);
}

function readBeir(folder: string): Dataset {
  const documents = rows(join(folder, 'corpus.jsonl')).map(({ _id, text, ...rest }) =>
    toDocument({ ...rest, id: _id, body: text }),
  );
  const judgements = readQrels(folder);
  const queries = rows(join(folder, 'queries.jsonl')).map(({ _id, text, metadata }): JudgedQuery => {
    const id = String(_id);
    const { type, kind = type } = (metadata ?? {}) as { type?: unknown; kind?: unknown };
    return { id, text: String(text), kind: textOr(kind), grades: judgements.get(id) ?? new Map() };
  });
  return dataset(basename(folder), documents, queries);
}

function readQrels(folder: string): Map<string, Map<string, number>> {
  const file = ['qrels.tsv', 'qrels/test.tsv', 'qrels/dev.tsv', 'qrels/train.tsv'].find((name) =>
    existsSync(join(folder, name)),
  );
  if (!file) throw invalid(folder, 'expected qrels.tsv, or qrels/test.tsv');
  const judgements = new Map<string, Map<string, number>>();
  const lines = readFileSync(join(folder, file), 'utf8').split(/\r?\n/);
  for (const [i, line] of lines.entries()) {
    const [query, document, grade] = line.split('\t');
    // The first line may be a header.
    if (line === '' || (i === 0 && Number.isNaN(Number(grade)))) continue;
    if (!query || !document || !Number.isInteger(Number(grade)))
      throw invalid(
        `${join(folder, file)}:${i + 1}`,
        'expected query, document and a whole grade, tabs between',
      );
    const grades = judgements.get(query) ?? new Map<string, number>();
    judgements.set(query, grades.set(document, Number(grade)));
  }
  return judgements;
}

function dataset(name: string, documents: SearchDocument[], queries: JudgedQuery[]): Dataset {
  const judged = queries.filter(({ grades }) => [...grades.values()].some((grade) => grade > 0));
  if (judged.length === 0) throw invalid(name, 'no query has a relevant document');
  // Collections have documents of which nothing but the number was kept, and which nothing could find.
  return { name, documents: documents.filter(({ title, body }) => (title + body).trim()), queries: judged };
}

function toDocument(row: Record<string, unknown>): SearchDocument {
  const { id, title, body } = row;
  return { ...row, id: String(id), title: textOr(title) ?? '', body: textOr(body) ?? '' };
}

/** The objects of a JSON array, or of JSON lines. */
function rows(file: string): Record<string, unknown>[] {
  if (!existsSync(file) || !statSync(file).isFile()) throw invalid(file, 'there is no such file');
  const text = readFileSync(file, 'utf8');
  if (text.trimStart().startsWith('[')) return JSON.parse(text);
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line)];
    } catch {
      throw invalid(`${file}:${i + 1}`, 'expected a JSON object');
    }
  });
}

/** `zulip-help` of `zulip-help.dev.jsonl`. */
function setName(file: string): string {
  return file.replace(/(\.(dev|test))?\.jsonl?$/, '');
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function invalid(where: string, expected: string): DocsiftError {
  return new DocsiftError('invalid_input', `${where}: ${expected}`);
}
