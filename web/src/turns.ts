/** What only one tab, worker or search of an origin does at a time: the same download, or changes of the same saved index. */
import { follow } from './query/abort.js';

/**
 * How long others are waited for. A tab that was closed or has crashed holds up nobody, and a download ends by itself; this is
 * for a tab that its browser, or a debugger, has stopped in mid-work.
 */
const PATIENCE_MS = 300_000;

/**
 * Does work once nobody else does work of that name. Where there are no locks (insecure contexts, some frames), where the
 * others take too long, or the signal aborts, it is begun all the same.
 */
export async function inTurn<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work();
  const { controller, release } = follow(signal);
  const timer = setTimeout(() => controller.abort(), PATIENCE_MS);
  let begun: Promise<T> | undefined;
  const begin = () => {
    clearTimeout(timer);
    begun = work();
    return begun;
  };
  try {
    return await locks.request(name, { signal: controller.signal }, begin);
  } catch {
    // What the work itself was rejected with, or else why there was no turn.
    return await (begun ?? begin());
  } finally {
    release();
  }
}
