/** A retriever or a reranker of the caller's own, with a limit to how long it may take. */
import { DocsiftError, messageOf } from '../errors.js';
import type { SearchDocument } from '../types.js';

export interface FunctionOptions {
  /** Aborts when the query is given up, or the time is over. */
  signal: AbortSignal;
}

/**
 * Finds documents for a query, best first, at most `k`. A number `score` of a document takes part in traces; `body` is
 * what is reranked.
 */
export type RetrieveFunction = (
  query: string,
  k: number,
  options: FunctionOptions,
) => Promise<readonly SearchDocument[]> | readonly SearchDocument[];

/** Scores passages against a query: one number each, in their order; higher is better. */
export type RerankFunction = (
  query: string,
  passages: readonly string[],
  options: FunctionOptions,
) => Promise<ArrayLike<number>> | ArrayLike<number>;

/**
 * Calls a function of the caller's. Rejects with the signal's reason when that aborts first, with `timeout` when the
 * time is over, and with `function_failed` when the function throws.
 */
export async function callOwn<T>(
  name: 'retriever' | 'reranker',
  call: (options: FunctionOptions) => Promise<T> | T,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<T> {
  const controller = new AbortController();
  let abort = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const cut = new Promise<never>((_, reject) => {
    const end = (error: unknown) => {
      reject(error);
      controller.abort(error);
    };
    abort = () => end(signal.reason);
    timer = setTimeout(() => {
      const advice = 'make it faster, or raise timeoutMs';
      end(new DocsiftError('timeout', `the ${name} gave no answer within ${timeoutMs} ms; ${advice}`));
    }, timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
  const own = async () => {
    try {
      return await call({ signal: controller.signal });
    } catch (thrown) {
      throw new DocsiftError('function_failed', `the ${name} failed: ${messageOf(thrown)}`, {
        cause: thrown,
      });
    }
  };
  try {
    return await Promise.race([own(), cut]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
