/** The two bars that show what a first visit waits for: the models on their way, and the articles being embedded. */
import type { Progress } from 'docsift';
import { make } from './dom.js';
import { count, megabytes } from './format.js';

/** One bar with its text. */
class Task {
  readonly element = make('div', 'task');
  readonly #bar = make('progress');
  readonly #detail = make('span');

  constructor(label: string) {
    this.#bar.setAttribute('aria-label', label);
    this.element.append(make('div', 'task-text', make('span', '', label), this.#detail), this.#bar);
  }

  show(loaded: number, total: number, detail: string): void {
    this.#detail.textContent = detail;
    if (total > 0) {
      this.#bar.max = total;
      this.#bar.value = loaded;
    } else {
      // Without a value the bar says "under way, no telling how long".
      this.#bar.removeAttribute('value');
    }
  }
}

export class ProgressPanel {
  readonly #panel: HTMLElement;
  readonly #files = new Map<string, { loaded: number; total: number }>();
  readonly #downloads = new Task('Models');
  readonly #passages = new Task('Articles');
  #embedding: { since: number; from: number } | undefined;

  constructor(panel: HTMLElement) {
    this.#panel = panel;
  }

  readonly onProgress = (progress: Progress): void => {
    const task = progress.stage === 'download' ? this.#showDownload(progress) : this.#showEmbedding(progress);
    if (!task.element.isConnected) this.#panel.append(task.element);
    this.#panel.hidden = false;
  };

  hide(): void {
    this.#panel.hidden = true;
  }

  #showDownload({ file = '', loaded, total }: Progress): Task {
    this.#files.set(file, { loaded, total });
    const known = sum(this.#files.values(), (each) => each.total);
    const sofar = sum(this.#files.values(), (each) => each.loaded);
    this.#downloads.show(
      sofar,
      known,
      known > 0 ? `${megabytes(sofar)} of ${megabytes(known)}` : megabytes(sofar),
    );
    return this.#downloads;
  }

  #showEmbedding({ loaded, total }: Progress): Task {
    const now = performance.now();
    this.#embedding ??= { since: now, from: loaded };
    const seconds = (now - this.#embedding.since) / 1000;
    const rate = seconds > 0.5 ? ` · ${count((loaded - this.#embedding.from) / seconds)} passages/s` : '';
    this.#passages.show(loaded, total, `${count(loaded)} of ${count(total)} passages read${rate}`);
    return this.#passages;
  }
}

function sum<T>(items: Iterable<T>, value: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += value(item);
  return total;
}
