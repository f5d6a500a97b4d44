/** `docsift search`: a query over an index on disk, as a page would answer it. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Hit, QueryResult } from '../../types.js';
import { command, count } from '../command.js';
import { PACKAGED_MODELS } from '../deploy/package-files.js';
import { openSearch } from '../engine/searcher.js';
import { tableOf } from '../table.js';

export const search = command({
  name: 'search',
  summary: 'Search an index from the command line',
  arguments: ['<query>'],
  options: {
    index: {
      type: 'string',
      short: 'i',
      value: 'folder',
      help: 'what docsift index wrote. Default: ./docsift',
    },
    limit: { type: 'string', short: 'n', value: 'number', help: 'how many documents. Default: 5' },
    'min-score': {
      type: 'string',
      value: 'number',
      help: 'from 0 to 1: leave out what is less likely to answer',
    },
    retrieve: { type: 'string', value: 'number', help: 'how many passages are reranked. Default: 50' },
    trace: {
      type: 'boolean',
      short: 't',
      help: 'every candidate with its scores and its place before and after',
    },
    'no-rerank': { type: 'boolean', help: 'the order of retrieval' },
    models: { type: 'string', value: 'folder', help: 'Default: the index’s own, else the package’s' },
    embedder: { type: 'string', value: 'id', help: 'Default: the manifest’s' },
    reranker: { type: 'string', value: 'id', help: 'Default: the manifest’s' },
    workers: { type: 'string', value: 'number', help: 'worker threads. Default: one for each core' },
    json: { type: 'boolean', help: 'print the result as JSON' },
  },
  details: 'The exit code is 1 when nothing is found.',
  async run(values, [query = '']) {
    const limit = count('limit', values.limit);
    const retrieve = count('retrieve', values.retrieve);
    const minScore = values['min-score'] === undefined ? undefined : Number(values['min-score']);
    const workers = count('workers', values.workers);
    const folder = path.resolve(values.index ?? 'docsift');
    const found = await openSearch(folder, {
      modelBaseUrl: values.models === undefined ? await modelsOf(folder) : path.resolve(values.models),
      embedder: values.embedder,
      reranker: values['no-rerank'] ? false : values.reranker,
      workers,
    });
    try {
      const result = await found.query(query, { limit, retrieve, minScore, trace: values.trace });
      if (result.reason) console.error(`docsift: only the ${result.stage} stage: ${result.reason.message}`);
      console.log(values.json ? JSON.stringify(result, null, 2) : print(result));
      return result.hits.length > 0 ? 0 : 1;
    } finally {
      found.close();
    }
  },
});

async function modelsOf(folder: string): Promise<string> {
  const own = path.join(folder, 'models');
  return (await stat(path.join(own, 'manifest.json')).catch(() => undefined)) ? own : PACKAGED_MODELS;
}

function print(result: QueryResult): string {
  const { hits, timings, counts, stage, trace } = result;
  if (hits.length === 0) return counts.belowMinScore ? 'Nothing here answers that.' : 'Nothing found.';
  const milliseconds = (ms: number) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  const times = [
    `${stage}: ${counts.candidates} passages`,
    `embed ${milliseconds(timings.embedQuery)}`,
    `retrieve ${milliseconds(timings.retrieve)}`,
    `rerank ${milliseconds(timings.rerank)}`,
  ];
  const parts = [hits.map(printHit).join('\n\n'), times.join(' · ')];
  if (trace) parts.push(traceTable(trace));
  return parts.join('\n\n');
}

function printHit({ rank, retrievalRank, document, passage, excerpt, score, scores }: Hit): string {
  const moved = rank === retrievalRank ? '' : `, was ${retrievalRank}`;
  const heading = passage.heading ? ` › ${passage.heading}` : '';
  const anchor = passage.anchor ? `#${passage.anchor}` : '';
  const address = document.url ? `   ${document.url}${anchor}\n` : '';
  const text = excerpt.text.replace(/\s+/g, ' ').trim();
  const likely = score === undefined ? '' : `, ${Math.round(score * 100)} %`;
  return `${rank}. ${document.title}${heading} (${scores.final.toFixed(2)}${likely}${moved})\n${address}   ${text}`;
}

function traceTable(trace: NonNullable<QueryResult['trace']>): string {
  const number = (value: number | undefined, digits: number) =>
    value === undefined ? '–' : value.toFixed(digits);
  const rows = trace.candidates.map(({ rank, retrievalRank, score, scores, title, passage }) => [
    String(rank),
    String(retrievalRank),
    number(scores.cosine, 3),
    number(scores.bm25, 2),
    number(scores.fused, 3),
    number(scores.cross, 2),
    number(scores.final, 2),
    number(score, 3),
    passage.heading ? `${title} › ${passage.heading}` : title,
  ]);
  return tableOf(['rank', 'was', 'cosine', 'bm25', 'fused', 'cross', 'final', 'score', 'passage'], rows);
}
