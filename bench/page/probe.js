/**
 * Imported first by every worker that computes: sees each WebAssembly memory that is made there, and tells the page how
 * large they are. Engines have no common way to ask them.
 */
const memories = new Set();
/** docsift's binary counts the tokens that it computes. */
const counters = new Set();

/** @param {WebAssembly.Instance} instance */
function keep(instance) {
  for (const [name, value] of Object.entries(instance.exports)) {
    if (value instanceof WebAssembly.Memory) memories.add(value);
    if (name === 'tokensComputed') counters.add(value);
  }
  return instance;
}

const { instantiate, instantiateStreaming } = WebAssembly;
WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
  construct(Memory, parameters) {
    const memory = new Memory(...parameters);
    memories.add(memory);
    return memory;
  },
});
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct: (Instance, parameters) => keep(new Instance(...parameters)),
});
WebAssembly.instantiate = async (...parameters) => {
  const result = await instantiate(...parameters);
  keep(result.instance ?? result);
  return result;
};
WebAssembly.instantiateStreaming = async (...parameters) => {
  const result = await instantiateStreaming(...parameters);
  keep(result.instance);
  return result;
};

const channel = new BroadcastChannel('probe');
channel.onmessage = ({ data }) => {
  if (data !== 'report') return;
  const bytes = [...memories].reduce((total, { buffer }) => total + buffer.byteLength, 0);
  const tokens = [...counters].reduce((total, count) => total + count(), 0);
  channel.postMessage({ bytes, tokens: counters.size > 0 ? tokens : undefined });
};
