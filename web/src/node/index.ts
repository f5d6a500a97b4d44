/**
 * docsift for Node: the API of `docsift`, with worker threads for workers and files from disk. It is for indexing at
 * build time and for measuring; the options that name files take paths as well as URLs, and `cache` means nothing.
 */
export * from '../api.js';
