/** The entry of the worker script. */
import { initSync as initLexical, Lexical } from '#lexical';
import { Engine, fetchFile, initSync } from '#wasm';
import { inTurn } from '../turns.js';
import { type Port, serve } from './server.js';

// A panic inside an asynchronous part of the engine rejects no promise of ours. Thrown again as an uncaught error, it
// reaches the page as the worker's `error` event, and ends the worker there.
self.addEventListener('unhandledrejection', (event) => {
  setTimeout(() => {
    throw event.reason;
  });
});

/** Of several tabs that want a file, one fetches it, and the others take what that one has kept. */
const fetchOnce: typeof fetchFile = (url, spec, useCache, onProgress) => {
  const fetchIt = () => fetchFile(url, spec, useCache, onProgress);
  return useCache ? inTurn(`docsift-file:${url}#${spec.sha256 ?? spec.revision ?? ''}`, fetchIt) : fetchIt();
};

// Named one by one, so that the glue's own loader, which this never uses, is left out of the bundle.
serve(
  self as unknown as Port,
  { Engine, fetchFile: fetchOnce, initSync },
  { Lexical, initSync: initLexical },
);
