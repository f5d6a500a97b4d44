/** A `Search` as the element asks it. */
import type { QueryResult, Search } from '../index.js';
import type { ElementQuery, ElementResult, SearchLike } from './types.js';

/** The search's own stream; for a search that only has `query`, its updates as a stream. */
export function streaming(search: Search): SearchLike {
  return 'stream' in search
    ? (search as unknown as SearchLike)
    : { stream: (text, options) => streamOf(search, text, options) };
}

async function* streamOf(
  search: Search,
  text: string,
  { limit, signal }: ElementQuery,
): AsyncGenerator<ElementResult> {
  const arrived: QueryResult[] = [];
  let wake = () => {};
  const last = search.query(text, {
    limit,
    signal,
    onUpdate: (result) => {
      arrived.push(result);
      wake();
    },
  });
  let settled = false;
  const settle = () => {
    settled = true;
    wake();
  };
  last.then(settle, settle);
  while (!settled || arrived.length > 0) {
    const next = arrived.shift();
    if (next) yield { ...next, final: false };
    else if (!settled) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  yield { ...(await last), final: true };
}
