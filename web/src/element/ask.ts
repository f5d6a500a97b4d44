/** Asks a search while the question is still being typed. */
import type { ElementQuery, ElementResult, SearchLike } from './types.js';

/** After the words have been looked up, the models wait so long for another letter. */
const TYPING_PAUSE_MS = 120;

export interface Answering {
  onResult: (result: ElementResult) => void;
  /** The last result has been handed out. */
  onEnd: () => void;
  onError: (error: unknown) => void;
}

/** One question at a time: a newer one ends the older. */
export class Asker {
  #running: AbortController | undefined;

  /**
   * Asks, and hands out the stages as they come. The first is asked for at once; what follows needs the models, and is
   * only asked for if nothing newer is asked within a moment.
   *
   * @param onlyFirst whether to be content with the first stage
   */
  async ask(
    search: SearchLike,
    text: string,
    options: Omit<ElementQuery, 'signal'>,
    { onResult, onEnd, onError }: Answering,
    onlyFirst = false,
  ): Promise<void> {
    this.stop();
    const controller = new AbortController();
    this.#running = controller;
    const { signal } = controller;
    try {
      let first = true;
      for await (const result of search.stream(text, { ...options, signal })) {
        if (signal.aborted) return;
        onResult(result);
        if (onlyFirst) break;
        if (first && !result.final) await pause(TYPING_PAUSE_MS, signal);
        first = false;
        if (signal.aborted) return;
      }
      if (!signal.aborted) onEnd();
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }

  /** Ends what is being asked; nothing more of it is handed out. */
  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
  }
}

/** Resolves after a time, or as soon as the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
