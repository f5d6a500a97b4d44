/** The processes of a browser. */
import { execFileSync } from 'node:child_process';

export const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The ids of the browser that was started with a profile, and of all its children.
 *
 * @param {string} profile
 * @returns {number[]}
 */
export function processesOf(profile) {
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const all = lines.map((line) => {
    const [id, parent, ...args] = line.trim().split(/\s+/);
    return { id: Number(id), parent: Number(parent), args: args.join(' ') };
  });
  const found = all.filter(({ args }) => args.includes(`--user-data-dir=${profile}`)).map(({ id }) => id);
  for (const id of found) {
    for (const { id: child, parent } of all) if (parent === id && !found.includes(child)) found.push(child);
  }
  return found;
}
