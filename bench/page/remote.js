/** Runs an adapter inside a worker: both halves of it. */

/** @param {import('./host.js').Adapter} adapter */
export function serve(adapter) {
  self.onmessage = async ({ data: { id, call, parameters } }) => {
    try {
      self.postMessage({ id, value: await adapter[call](...parameters) });
    } catch (error) {
      self.postMessage({ id, error: error?.stack ?? String(error) });
    }
  };
}

/**
 * @param {string} script
 * @returns {import('./host.js').Adapter}
 */
export function connect(script) {
  const worker = new Worker(script, { type: 'module' });
  const waiting = new Map();
  let lastId = 0;
  worker.onmessage = ({ data: { id, value, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  };
  worker.onerror = ({ message }) => {
    for (const { reject } of waiting.values()) reject(new Error(`${script}: ${message}`));
    waiting.clear();
  };
  const caller =
    (call) =>
    (...parameters) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, call, parameters });
      });
  return { load: caller('load'), score: caller('score'), embed: caller('embed') };
}
