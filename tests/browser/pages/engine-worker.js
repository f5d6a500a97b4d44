/**
 * One engine in a worker, without the package around it. Tests call what it defines on `self`.
 *
 * `?variant=` names the binary.
 */
const variant = new URL(self.location.href).searchParams.get('variant');
const { default: init, Engine } = await import(`/wasm/${variant}/docsift.js`);
await init();
let engine = new Engine();

const bytesOf = async (url) => {
  if (url === undefined) return undefined;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: HTTP status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

Object.assign(self, {
  /** Loads a model by the addresses of its files. */
  async load(role, { weights, config, tokenizer, words }, precision) {
    const files = await Promise.all([weights, config, tokenizer].map(bytesOf));
    return role === 'embedder'
      ? engine.loadEmbedder(...files, precision)
      : engine.loadReranker(...files, precision, await bytesOf(words));
  },
  embed: (texts) => engine.embed(texts),
  score: (query, passages) => engine.score(query, passages),
  memoryBytes: () => engine.memoryBytes(),
  /** Drops both models. */
  reset() {
    engine.free();
    engine = new Engine();
  },
});
self.postMessage('ready');
