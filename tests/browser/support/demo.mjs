/** The demo page as a test sees it. */

/**
 * Waits until the demo takes questions with both models, and has settled what it keeps for offline use.
 *
 * @param {import('playwright-core').Page} page
 * @returns {Promise<'indexed' | 'restored'>} whether it embedded the articles, or found them kept
 */
export async function demoReady(page) {
  const state = await page.waitForFunction(
    () => {
      const { ready, offline } = document.documentElement.dataset;
      const notice = document.querySelector('#notice:not([hidden])')?.textContent;
      return (offline && ready) || (notice && `notice: ${notice}`);
    },
    undefined,
    { timeout: 240_000, polling: 200 },
  );
  const value = await state.jsonValue();
  if (value !== 'indexed' && value !== 'restored') throw new Error(`the demo is not ready: ${value}`);
  return value;
}

/**
 * Types a question and waits for its last stage.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} question
 * @returns {Promise<{ stages: { stage: string, shown: number, painted?: number }[], ids: string[] }>} the stages in the
 *   order shown, with milliseconds since Enter; `painted` is when a frame with it had been drawn
 */
export async function ask(page, question) {
  await page.evaluate(watchStages);
  const box = page.getByRole('searchbox');
  await box.fill('');
  await box.pressSequentially(question);
  await box.press('Enter');
  await page.waitForFunction(
    () =>
      /[0-9] m?s\.$/.test(document.querySelector('#status').textContent) && window.stagesShown?.length > 0,
    undefined,
    { timeout: 120_000 },
  );
  return page.evaluate(() => ({
    stages: window.stagesShown,
    ids: [...document.querySelectorAll('#hits > li')].map((item) => item.dataset.id),
  }));
}

/** Runs in the page: notes every stage that is shown after Enter, and when a frame with it was drawn. */
function watchStages() {
  window.stageWatch ??= (() => {
    let entered = 0;
    const outcome = document.querySelector('#outcome');
    document.querySelector('#search').addEventListener(
      'submit',
      () => {
        entered = performance.now();
        window.stagesShown = [];
        document.querySelector('#status').textContent = '';
      },
      { capture: true },
    );
    const watch = new MutationObserver(() => {
      const entry = { stage: outcome.dataset.stage, shown: performance.now() - entered };
      window.stagesShown?.push(entry);
      // A frame is drawn after the callbacks of the first, and before those of the second.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          entry.painted = performance.now() - entered;
        }),
      );
    });
    watch.observe(outcome, { attributeFilter: ['data-stage'] });
    return watch;
  })();
}

/**
 * The WebAssembly memory of each of the page's search workers, in bytes, which never shrinks and so is its peak. The demo
 * does not hand out its search: the request goes to the worker's own message handler.
 *
 * @param {import('playwright-core').Page} page
 * @returns {Promise<number[]>}
 */
export async function workerMemory(page) {
  const sizes = await Promise.all(
    page.workers().map((worker) =>
      worker.evaluate(
        () =>
          new Promise((resolve) => {
            const id = -1;
            const post = self.postMessage;
            self.postMessage = (message, ...rest) => {
              if (message.id !== id) return post.call(self, message, ...rest);
              self.postMessage = post;
              resolve(message.value);
            };
            self.onmessage({ data: { id, call: 'memory', params: {} } });
          }),
      ),
    ),
  );
  // The worker that finds words has no model, and tells of no memory.
  return sizes.filter((size) => size !== undefined);
}
