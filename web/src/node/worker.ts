/** The entry of the script that a worker thread runs. */
import { parentPort } from 'node:worker_threads';
import { initSync as initLexical, Lexical } from '#lexical';
import { Engine, initSync } from '#wasm';
import type { Request } from '../engine/protocol.js';
import { type Port, serve } from '../engine/server.js';
import { fetchFile } from './files.js';

if (!parentPort) throw new Error('node-worker.js is started by docsift, as a worker thread');
const thread = parentPort;
const port: Port = {
  onmessage: null,
  postMessage: (message, transfer) =>
    thread.postMessage(message, transfer as Parameters<typeof thread.postMessage>[1]),
};
thread.on('message', (data: Request) => port.onmessage?.({ data } as MessageEvent<Request>));
serve(port, { Engine, fetchFile, initSync }, { Lexical, initSync: initLexical });
