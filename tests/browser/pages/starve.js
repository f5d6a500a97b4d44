/** Evaluated before the worker itself: see starved-worker.js. */
const { Instance } = WebAssembly;
let memory;
WebAssembly.Instance = (module, imports) => {
  const instance = new Instance(module, imports);
  memory = instance.exports.memory;
  return instance;
};

/** Takes all pages that are left. They are never touched, so that they cost nothing. */
self.starve = () => {
  for (let pages = 65536; pages >= 1; pages = Math.floor(pages / 2)) {
    try {
      for (;;) memory.grow(pages);
    } catch {
      // There are fewer left.
    }
  }
};

const fatal = new URL(self.location.href).searchParams.get('on');
self.addEventListener('message', ({ data }) => {
  if (data.call === fatal) self.starve();
});
