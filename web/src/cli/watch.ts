/** Calls back when something in a folder has changed, and has been quiet for a moment: a build writes many files. */
import { watch as watchFiles } from 'node:fs';
import path from 'node:path';

const QUIET_MS = 500;

/**
 * Resolves never; rejects when `begin` or `onChange` does, or the folder cannot be watched. The folder is watched before
 * `begin` is called, so that no change is missed; changes while either is at work call `onChange` once afterwards.
 *
 * @param without folders whose changes do not count, absolute
 */
export function watchFolder(
  folder: string,
  without: readonly string[],
  begin: () => Promise<void>,
  onChange: () => Promise<void>,
): Promise<never> {
  return new Promise((_, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let running = false;
    let again = false;
    const run = async (work: () => Promise<void>) => {
      if (running) {
        again = true;
        return;
      }
      running = true;
      try {
        await work();
        while (again) {
          again = false;
          await onChange();
        }
      } catch (thrown) {
        watcher.close();
        reject(thrown);
      } finally {
        running = false;
      }
    };
    const watcher = watchFiles(folder, { recursive: true }, (_event, name) => {
      const full = path.join(folder, name ?? '');
      if (without.some((other) => full === other || full.startsWith(other + path.sep))) return;
      clearTimeout(timer);
      timer = setTimeout(run, QUIET_MS, onChange);
    });
    watcher.on('error', reject);
    run(begin);
  });
}
