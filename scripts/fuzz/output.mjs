/** Reads what libFuzzer prints. */

/**
 * @param {string} output of a run with -print_final_stats=1
 * @returns {{ executions: number, perSecond: number, coverage: number, corpus: number }} `coverage` counts the branches
 *   that any input took
 */
export function readRun(output) {
  const lines = [...output.matchAll(/^#(\d+)\s.*?cov: (\d+) .*?corp: (\d+)\/.*$/gm)];
  const [, seen = 0, coverage = 0, corpus = 0] = lines.at(-1) ?? [];
  /** @param {string} name */
  const stat = (name) => output.match(new RegExp(`^stat::${name}:\\s+(\\d+)$`, 'm'))?.[1];
  return {
    executions: Number(stat('number_of_executed_units') ?? seen),
    perSecond: Number(stat('average_exec_per_sec') ?? 0),
    coverage: Number(coverage),
    corpus: Number(corpus),
  };
}
