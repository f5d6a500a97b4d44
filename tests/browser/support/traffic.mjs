/** What a server was asked for, and how many bytes it sent. */

/**
 * @returns {{
 *   intercept: NonNullable<import('../../../scripts/serve.mjs').ServerOptions['intercept']>,
 *   bytes: Map<string, number>,
 *   requests: Map<string, number>,
 *   total: () => number,
 *   clear: () => void,
 * }} bodies and requests by path
 */
export function countTraffic() {
  /** @type {Map<string, number>} */
  const bytes = new Map();
  /** @type {Map<string, number>} */
  const requests = new Map();
  const add = (
    /** @type {Map<string, number>} */ to,
    /** @type {string} */ url,
    /** @type {number} */ amount,
  ) => to.set(url, (to.get(url) ?? 0) + amount);
  return {
    bytes,
    requests,
    total: () => [...bytes.values()].reduce((sum, each) => sum + each, 0),
    clear() {
      bytes.clear();
      requests.clear();
    },
    intercept({ url = '' }, response) {
      const { pathname } = new URL(url, 'http://localhost');
      add(requests, pathname, 1);
      const write = response.write;
      response.write = function (chunk, ...rest) {
        add(bytes, pathname, Buffer.byteLength(chunk));
        return write.call(this, chunk, ...rest);
      };
      return false;
    },
  };
}
