/** What a page and its workers hold, as the browser itself counts it: by the protocol of its developer tools. */
import { readFileSync } from 'node:fs';
import { processesOf } from '../../browser/support/processes.mjs';

/**
 * @typedef {object} Held
 * @property {string} name `page` or the name of a worker
 * @property {number} heap bytes of JavaScript objects that are still in use, after all others were collected
 * @property {number} buffers bytes of their array buffers, WebAssembly memory left out
 * @property {number} wasm bytes of WebAssembly memory, which never shrinks: so also its peak
 */

/** @typedef {(method: string, params?: object) => Promise<any>} Send */

/**
 * Follows the memory of a page and of every worker that it starts.
 *
 * @param {import('playwright-core').Page} page
 */
export async function watchMemory(page) {
  const session = await page.context().newCDPSession(page);
  /** @type {Map<string, Send>} */
  const workers = new Map();
  /** @type {Map<string, (message: any) => void>} */
  const waiting = new Map();
  let lastId = 0;

  /** @type {(sessionId: string) => Send} */
  const sender =
    (sessionId) =>
    async (method, params = {}) => {
      const id = ++lastId;
      const reply = new Promise((resolve) => waiting.set(`${sessionId} ${id}`, resolve));
      await session.send('Target.sendMessageToTarget', {
        sessionId,
        message: JSON.stringify({ id, method, params }),
      });
      const { result, error } = await reply;
      if (error) throw new Error(`${method}: ${error.message}`);
      return result;
    };
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type === 'worker') workers.set(sessionId, sender(sessionId));
  });
  session.on('Target.detachedFromTarget', ({ sessionId }) => void workers.delete(sessionId));
  session.on('Target.receivedMessageFromTarget', ({ sessionId, message }) => {
    const { id, ...rest } = JSON.parse(message);
    waiting.get(`${sessionId} ${id}`)?.(rest);
    waiting.delete(`${sessionId} ${id}`);
  });
  await session.send('Target.setAutoAttach', {
    ...{ autoAttach: true, waitForDebuggerOnStart: false, flatten: false },
  });

  return {
    /** @returns {Promise<Held[]>} the page's, then those of its workers in the order of their start */
    async measure() {
      /** @type {Send} */
      const ofPage = (method, params) => session.send(/** @type {any} */ (method), params);
      const held = [await measureOne('page', ofPage)];
      for (const [i, send] of [...workers.values()].entries())
        held.push(await measureOne(`worker ${i}`, send));
      return held;
    },
  };
}

/** @param {string} name @param {Send} send @returns {Promise<Held>} */
async function measureOne(name, send) {
  // What only a finalizer lets go of is there until the second time.
  for (let i = 0; i < 2; i += 1) await send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize = 0 } = await send('Runtime.getHeapUsage');
  const wasm = await wasmBytes(send);
  return { name, heap: usedSize, buffers: Math.max(0, backingStorageSize - wasm), wasm };
}

/** Of every `WebAssembly.Memory` there is. @param {Send} send */
async function wasmBytes(send) {
  const objectGroup = 'memory';
  const { result: prototype } = await send('Runtime.evaluate', {
    expression: 'WebAssembly.Memory.prototype',
    objectGroup,
  });
  const { objects } = await send('Runtime.queryObjects', {
    prototypeObjectId: prototype.objectId,
    objectGroup,
  });
  const { result } = await send('Runtime.callFunctionOn', {
    functionDeclaration:
      'function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0) }',
    objectId: objects.objectId,
    returnByValue: true,
  });
  await send('Runtime.releaseObjectGroup', { objectGroup });
  return result.value;
}

/**
 * The most memory that the process of a page has ever had, its workers and the browser's own code included, in bytes.
 *
 * @param {string} profile the folder that its browser was opened on
 * @returns {number | undefined} `undefined` where the system does not tell
 */
export function peakOfProcess(profile) {
  try {
    const peaks = processesOf(profile).flatMap(peakOfRenderer);
    return peaks.length > 0 ? Math.max(...peaks) : undefined;
  } catch {
    return undefined;
  }
}

/** Of a process that shows pages; nothing of another, or of one that has ended meanwhile. @param {number} pid */
function peakOfRenderer(pid) {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')) return [];
    const [, kilobytes = 0] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmHWM:\s+(\d+)/m) ?? [];
    return [Number(kilobytes) * 1024];
  } catch {
    return [];
  }
}
