/** The rate of docsift's innermost loops by themselves, where its binary can time them. */
let engine;

/**
 * @param {number} budgetMs
 * @returns {Promise<Record<string, number> | undefined>} 10⁹ multiply-accumulates per second of each form
 */
export async function kernelRates(budgetMs) {
  if (!engine) {
    const { default: init, Engine } = await import('/wasm/docsift.js');
    await init();
    engine = new Engine();
  }
  return engine.tune?.(budgetMs);
}
