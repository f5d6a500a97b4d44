/** The panel that lists every candidate with all its scores. */
import type { TraceCandidate } from 'docsift';
import { make } from './dom.js';
import { count, score } from './format.js';
import { moveLabel } from './results.js';

const COLUMNS = ['#', 'Moved', 'Passage', 'Cosine', 'BM25', 'Fused', 'Cross-encoder', 'Final'];

export class TracePanel {
  readonly #panel: HTMLDetailsElement;
  readonly #summary: HTMLElement;
  readonly #table: HTMLTableElement;
  #candidates: readonly TraceCandidate[] = [];

  constructor(panel: HTMLDetailsElement) {
    this.#panel = panel;
    this.#summary = panel.querySelector('summary') as HTMLElement;
    this.#table = panel.querySelector('table') as HTMLTableElement;
    panel.addEventListener('toggle', () => this.#render());
  }

  show(candidates: readonly TraceCandidate[]): void {
    this.#candidates = candidates;
    this.#panel.hidden = candidates.length === 0;
    this.#summary.textContent = `All ${count(candidates.length)} candidates and their scores`;
    this.#render();
  }

  /** A closed panel costs nothing: its rows are made when it is opened. */
  #render(): void {
    if (!this.#panel.open) {
      this.#table.replaceChildren();
      return;
    }
    const head = make('tr');
    for (const name of COLUMNS) {
      const cell = make('th', name === 'Passage' ? 'candidate' : '', name);
      cell.scope = 'col';
      head.append(cell);
    }
    this.#table.replaceChildren(make('thead', '', head), make('tbody', '', ...this.#candidates.map(row)));
  }
}

function row({ title, passage, scores, rank, retrievalRank }: TraceCandidate): HTMLTableRowElement {
  const name = make('th', 'candidate', title);
  name.scope = 'row';
  if (passage.heading) name.append(make('small', '', passage.heading));
  return make(
    'tr',
    '',
    make('td', '', String(rank)),
    make('td', '', scores.cross === undefined ? '–' : moveLabel(retrievalRank, rank)),
    name,
    make('td', '', score(scores.cosine, 3)),
    make('td', '', score(scores.bm25, 2)),
    make('td', '', score(scores.fused, 3)),
    make('td', '', score(scores.cross, 2)),
    make('td', '', score(scores.final, 2)),
  );
}
