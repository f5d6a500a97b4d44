/** Calls back when something in a folder has changed, and has been quiet for a moment: a build writes many files. */
import { watch as watchFiles } from 'node:fs';
import path from 'node:path';

const QUIET_MS = 500;

/**
 * Resolves never; rejects when `onChange` does, or the folder cannot be watched. Changes while `onChange` is at work
 * call it once more afterwards.
 *
 * @param without folders whose changes do not count, absolute
 */
export function watchFolder(
  folder: string,
  without: readonly string[],
  onChange: () => Promise<void>,
): Promise<never> {
  return new Promise((_, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let running = false;
    let again = false;
    const run = async () => {
      if (running) {
        again = true;
        return;
      }
      running = true;
      try {
        do {
          again = false;
          await onChange();
        } while (again);
      } catch (thrown) {
        reject(thrown);
      } finally {
        running = false;
      }
    };
    const watcher = watchFiles(folder, { recursive: true }, (_event, name) => {
      const full = path.join(folder, name ?? '');
      if (without.some((other) => full === other || full.startsWith(other + path.sep))) return;
      clearTimeout(timer);
      timer = setTimeout(run, QUIET_MS);
    });
    watcher.on('error', reject);
  });
}
