/** Reads how many tests passed and failed from what a test runner printed. */

/**
 * Understands libtest and wasm-bindgen-test (`test result: ok. 3 passed; 0 failed; …`) and node:test
 * (`ℹ pass 3`, or `# pass 3` in TAP). A run may hold several such summaries; they are added up.
 *
 * @param {string} output
 * @returns {{ passed: number, failed: number }}
 */
export function readTotals(output) {
  const plain = stripColours(output);
  return {
    passed: sum(plain, /^test result: \w+\. (\d+) passed;/gm) + sum(plain, /^[ℹ#] pass (\d+)$/gm),
    failed:
      sum(plain, /^test result: \w+\. \d+ passed; (\d+) failed;/gm) +
      sum(plain, /^[ℹ#] (?:fail|cancelled) (\d+)$/gm),
  };
}

/**
 * @param {string} text
 * @param {RegExp} pattern with the number as its one group
 */
function sum(text, pattern) {
  return [...text.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0);
}

/** @param {string} text */
function stripColours(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC opens every terminal colour
  return text.replace(/\x1b\[[0-9;]*m/g, '');
}
