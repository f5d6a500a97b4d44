/**
 * docsift: search of help articles inside the browser. A bi-encoder retrieves passages, a cross-encoder reranks them,
 * both in WebAssembly, in workers. Importing this module touches nothing of the browser.
 */
export * from './api.js';
export { enableOffline, type OfflineOptions } from './offline/enable.js';
export { deleteIndex, listIndexes } from './store.js';
