/** Tells screen readers what has changed. */
import { make } from './dom.js';

/** Long enough that what is typed on is not interrupted at every letter. */
const PAUSE_MS = 600;

export class Announcer {
  /** Two live regions in turns: the same words twice are only spoken twice if the region was empty before. */
  readonly elements: [HTMLElement, HTMLElement];
  #current = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const region = () => make('div', { class: 'hidden', 'aria-live': 'polite', 'aria-atomic': 'true' });
    this.elements = [region(), region()];
  }

  /** Says it after a pause, in place of what was about to be said. */
  say(text: string): void {
    this.stop();
    this.#timer = setTimeout(() => {
      (this.elements[this.#current] as HTMLElement).textContent = '';
      this.#current = 1 - this.#current;
      (this.elements[this.#current] as HTMLElement).textContent = text;
    }, PAUSE_MS);
  }

  /** Says nothing more. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
