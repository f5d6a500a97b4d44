/** The panel that tells how a result came about: the steps, a picture of who moved where, every candidate's scores. */
import type { QueryResult, TraceCandidate, TraceStep } from 'docsift';
import { byId, make } from './dom.js';
import { count, duration, score } from './format.js';
import { drawMoves } from './moves.js';
import { moveLabel } from './results.js';

const COLUMNS = [
  ...['#', 'Moved', 'Passage', 'By words', 'By meaning'],
  ...['Cosine', 'BM25', 'Fused', 'Cross-encoder', 'Opening', 'Final'],
];

const STEPS: Record<TraceStep['step'], string> = {
  lexical: 'words looked up',
  embedQuery: 'question embedded',
  retrieve: 'passages retrieved',
  rerank: 'passages read with the question',
};

export class TracePanel {
  readonly #panel: HTMLDetailsElement;
  readonly #summary: HTMLElement;
  readonly #table: HTMLTableElement;
  readonly #story = byId('story', HTMLParagraphElement);
  readonly #moves = document.querySelector('#moves') as SVGSVGElement;
  #result: QueryResult | undefined;

  constructor(panel: HTMLDetailsElement) {
    this.#panel = panel;
    this.#summary = panel.querySelector('summary') as HTMLElement;
    this.#table = panel.querySelector('table') as HTMLTableElement;
    panel.addEventListener('toggle', () => this.#render());
  }

  show(result: QueryResult): void {
    this.#result = result;
    const { candidates } = result.counts;
    this.#panel.hidden = candidates === 0;
    this.#summary.textContent = `All ${count(candidates)} candidates and their scores`;
    this.#render();
  }

  /** A closed panel costs nothing: what is in it is made when it is opened. */
  #render(): void {
    const trace = this.#result?.trace;
    if (!this.#panel.open || !trace) {
      this.#table.replaceChildren();
      this.#moves.replaceChildren();
      return;
    }
    this.#story.textContent = `${trace.steps.map(story).join('; ')}.`;
    drawMoves(this.#moves, trace.candidates);
    const head = make('tr');
    for (const name of COLUMNS) {
      const cell = make('th', name === 'Passage' ? 'candidate' : '', name);
      cell.scope = 'col';
      head.append(cell);
    }
    this.#table.replaceChildren(make('thead', '', head), make('tbody', '', ...trace.candidates.map(row)));
  }
}

function story({ step, ms, tokens, skipped }: TraceStep): string {
  if (skipped !== undefined) return `${STEPS[step]}: left out, ${skipped.replaceAll('_', ' ')}`;
  return `${STEPS[step]} in ${duration(ms)}${tokens ? ` (${count(tokens)} tokens)` : ''}`;
}

function row(candidate: TraceCandidate): HTMLTableRowElement {
  const { title, passage, scores, rank, retrievalRank, lexicalRank, denseRank } = candidate;
  const name = make('th', 'candidate', title);
  name.scope = 'row';
  if (passage.heading) name.append(make('small', '', passage.heading));
  return make(
    'tr',
    '',
    make('td', '', String(rank)),
    make('td', '', scores.cross === undefined ? '–' : moveLabel(retrievalRank, rank)),
    name,
    make('td', '', score(lexicalRank, 0)),
    make('td', '', score(denseRank, 0)),
    make('td', '', score(scores.cosine, 3)),
    make('td', '', score(scores.bm25, 2)),
    make('td', '', score(scores.fused, 3)),
    make('td', '', score(scores.cross, 2)),
    make('td', '', score(scores.opening, 2)),
    make('td', '', score(scores.final, 2)),
  );
}
