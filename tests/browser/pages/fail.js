/**
 * Ways for a worker to fail, evaluated before the worker itself. Each of `?starve=` and `?throw=` names a request at whose
 * arrival it fails so; a test may also call `self.starve()`. With `?hurry=` its timers run so many times faster. With
 * `?refuse=caches` it is refused its caches.
 */
const { Instance } = WebAssembly;
let engine;
WebAssembly.Instance = class extends Instance {
  constructor(module, imports) {
    super(module, imports);
    engine = this.exports;
  }
};

/**
 * Takes all of the memory that is left: the engine's next large allocation fails as it does on a device that has no more,
 * and Rust ends in a trap. The pages are never touched, so that they cost nothing.
 */
self.starve = () => {
  for (let pages = 65536; pages >= 1; pages = Math.floor(pages / 2)) {
    try {
      for (;;) engine.memory.grow(pages);
    } catch {
      // There are fewer left.
    }
  }
  // And what the engine has freed, which it would use again.
  for (let bytes = 2 ** 24; bytes >= 256; bytes /= 2) {
    try {
      for (;;) engine.__wbindgen_malloc(bytes, 16);
    } catch {
      // There is no such piece left.
    }
  }
};

const { searchParams } = new URL(self.location.href);
const { setTimeout: wait } = self;
const hurry = Number(searchParams.get('hurry') ?? 1);
self.setTimeout = (work, ms, ...rest) => wait(work, ms / hurry, ...rest);
if (searchParams.get('refuse') === 'caches')
  CacheStorage.prototype.open = async () => {
    throw new DOMException('refused by the test', 'SecurityError');
  };
self.addEventListener('message', ({ data }) => {
  if (data.call === searchParams.get('starve')) self.starve();
  if (data.call === searchParams.get('throw')) throw new Error(`no "${data.call}" here`);
});
