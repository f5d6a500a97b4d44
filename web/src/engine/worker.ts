/** The entry of the worker script. */
import { initSync as initLexical, Lexical } from '#lexical';
import { Engine, fetchFile, initSync } from '#wasm';
import { type Port, serve } from './server.js';

// A panic inside an asynchronous part of the engine rejects no promise of ours. Thrown again as an uncaught error, it
// reaches the page as the worker's `error` event, and ends the worker there.
self.addEventListener('unhandledrejection', (event) => {
  setTimeout(() => {
    throw event.reason;
  });
});

// Named one by one, so that the glue's own loader, which this never uses, is left out of the bundle.
serve(self as unknown as Port, { Engine, fetchFile, initSync }, { Lexical, initSync: initLexical });
