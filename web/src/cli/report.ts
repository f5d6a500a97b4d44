/** What a command says while it works: on standard error, so that standard output stays its result. */
import type { Problem } from './read/source.js';

const TERMINAL = Boolean(process.stderr.isTTY) && !process.env.CI;
/** Elsewhere than on a terminal, a line of progress comes this often. */
const HEARTBEAT_MS = 15_000;
const REDRAW_MS = 100;

/** One line of progress, rewritten in place on a terminal. */
export class ProgressLine {
  readonly #quiet: boolean;
  #shown = performance.now();
  #open = false;

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  show(text: () => string): void {
    const now = performance.now();
    if (this.#quiet || now - this.#shown < (TERMINAL ? REDRAW_MS : HEARTBEAT_MS)) return;
    this.#shown = now;
    if (!TERMINAL) {
      process.stderr.write(`${text()}\n`);
      return;
    }
    process.stderr.write(`\r\x1b[2K${text().slice(0, (process.stderr.columns ?? 80) - 1)}`);
    this.#open = true;
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#open) process.stderr.write('\r\x1b[2K');
    this.#open = false;
  }
}

/** How fast passages are embedded, and how long it will take. */
export class Rate {
  readonly #started = performance.now();

  /** `left` is empty where the number of pages is not known, or too little is done to tell. */
  of(embedded: number, pages: number, allPages: number): { perSecond: number; left: string } {
    const ms = Math.max(performance.now() - this.#started, 1);
    const share = allPages > 0 ? pages / allPages : 0;
    const left = share > 0.02 && share < 1 ? `${duration((ms * (1 - share)) / share)} left` : '';
    return { perSecond: (embedded * 1000) / ms, left };
  }
}

export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `1 page`, `2 pages`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

const LABELS = {
  unreadable: 'unreadable',
  duplicate: 'duplicate address',
  oversized: 'too much text',
  empty: 'left out',
};

/** The problems of a read. What is left out of itself is counted; all others are errors, one line each. */
export class Problems {
  readonly #quiet: boolean;
  readonly #counts = { unreadable: 0, duplicate: 0, oversized: 0, empty: 0, excluded: 0 };

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  add({ kind, file, message }: Problem): void {
    this.#counts[kind] += 1;
    if (kind === 'excluded' || (kind === 'empty' && this.#quiet)) return;
    console.error(`docsift: ${LABELS[kind]}: ${file}: ${message}`);
  }

  /** How many keep the result from being what was asked for. */
  get errors(): number {
    return this.#counts.unreadable + this.#counts.duplicate + this.#counts.oversized;
  }

  /** `2 unreadable, 1 empty`; nothing where there is none. */
  get summary(): string {
    return Object.entries(this.#counts)
      .filter(([, number]) => number > 0)
      .map(([kind, number]) => `${number} ${kind}`)
      .join(', ');
  }
}
