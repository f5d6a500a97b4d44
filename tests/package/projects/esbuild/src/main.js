import { createSearch } from 'docsift';
import 'docsift/element';

// The folder that `docsift index` has written.
const search = await createSearch({
  index: 'docsift/index.json',
  modelBaseUrl: 'docsift/models/',
  wasmBaseUrl: 'docsift/',
  workerUrl: 'docsift/worker.js',
});
document.querySelector('docsift-search').search = search;
document.documentElement.dataset.indexed = String((await search.stats()).documents > 0);
