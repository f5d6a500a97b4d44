/** The rate of docsift's innermost loops by themselves. */
let engine;

/**
 * @param {number} budgetMs
 * @returns {Promise<Record<string, number>>} 10⁹ multiply-accumulates per second of each form
 */
export async function kernelRates(budgetMs) {
  engine ??= loadEngine();
  return (await engine).kernelRates(budgetMs);
}

async function loadEngine() {
  const { default: init, Engine } = await import('/wasm/docsift.js');
  await init();
  return Engine;
}
