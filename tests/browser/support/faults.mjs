/** A server that misbehaves on demand: what it can do wrong, and for which of its files it does. */
import { readFileSync } from 'node:fs';
import { countTraffic } from './traffic.mjs';

/**
 * Answers a request for a file badly.
 *
 * @typedef {(response: import('node:http').ServerResponse, bytes: Buffer) => void} Fault
 */

const BINARY = { 'Content-Type': 'application/octet-stream' };
const half = (/** @type {Buffer} */ bytes) => bytes.subarray(0, bytes.length >> 1);

/** @type {Fault} */
const longerLength = (response, bytes) => {
  response.writeHead(200, { ...BINARY, 'Content-Length': bytes.length * 2, Connection: 'close' });
  response.end(bytes);
};

/** @type {Fault} */
const shorterLength = (response, bytes) => {
  response.writeHead(200, { ...BINARY, 'Content-Length': bytes.length >> 1, Connection: 'close' });
  response.end(bytes);
};

/** The body ends after a share of the bytes: in good order, as if that were all. */
export const cutAt =
  (/** @type {number} */ share) =>
  /** @type {Fault} */
  (response, bytes) =>
    void response.writeHead(200, BINARY).end(bytes.subarray(0, Math.floor(bytes.length * share)));

/** @type {(status: number) => Fault} */
const status = (code) => (response) => void response.writeHead(code).end();

/** What may be another the next time. @satisfies {Record<string, Fault>} */
export const PASSING_FAULTS = {
  'a connection that is closed': (response) => void response.destroy(),
  'a connection that breaks off': (response, bytes) => {
    response.writeHead(200, { ...BINARY, 'Content-Length': bytes.length });
    response.write(half(bytes), () => response.destroy());
  },
  'a short body': cutAt(0.5),
  'an empty body': cutAt(0),
  'a body that goes on': (response, bytes) =>
    void response.writeHead(200, BINARY).end(Buffer.concat([bytes, bytes])),
  'a length that is too long': longerLength,
  'a length that is too short': shorterLength,
  'other bytes of the same length': (response, bytes) => {
    const wrong = Buffer.from(bytes);
    wrong[wrong.length >> 1] ^= 1;
    response.writeHead(200, BINARY).end(wrong);
  },
  'an HTML page': (response) =>
    void response
      .writeHead(200, { 'Content-Type': 'text/html' })
      .end('<!doctype html><title>Welcome</title>'),
  'status 408': status(408),
  'status 429': status(429),
  'status 500': status(500),
  'status 503': status(503),
};

/** What a server stands by. @satisfies {Record<string, Fault>} */
const LASTING_FAULTS = { 'status 403': status(403), 'status 404': status(404) };

/** @type {Record<string, Fault>} */
export const FAULTS = { ...PASSING_FAULTS, ...LASTING_FAULTS };

/** After these Chromium itself asks again, up to twice, before docsift hears of it. */
const REPEATED_BY_BROWSER = ['a connection that is closed', 'status 408'];

/** @type {(location: string) => Fault} */
export const redirectTo = (location) => (response) =>
  void response.writeHead(302, { Location: location }).end();

/** Holds the connection without a word. @type {Fault} */
export const silent = () => {};

/** The same, once half of the file is sent. @type {Fault} */
export const silentHalfway = (response, bytes) => {
  response.writeHead(200, { ...BINARY, 'Content-Length': bytes.length });
  response.write(half(bytes));
};

/** The file, but so much later. @type {(ms: number) => Fault} */
export const lateBy = (ms) => (response, bytes) =>
  void setTimeout(() => response.writeHead(200, BINARY).end(bytes), ms);

/**
 * Sends a file piece by piece, the next whenever the test says so.
 *
 * @param {number} pieces
 */
export function drip(pieces) {
  /** @type {(() => void)[]} */
  const waiting = [];
  let open = false;
  return {
    /** @type {Fault} */
    fault: async (response, bytes) => {
      response.writeHead(200, { ...BINARY, 'Content-Length': bytes.length });
      const size = Math.ceil(bytes.length / pieces);
      for (let start = 0; start < bytes.length; start += size) {
        response.write(bytes.subarray(start, start + size));
        if (!open) await new Promise((resolve) => waiting.push(() => resolve(undefined)));
      }
      response.end();
    },
    next: () => waiting.shift()?.(),
    /** Sends the rest. */
    finish: () => {
      open = true;
      for (const go of waiting.splice(0)) go();
    },
  };
}

/** How often a file may be asked for before a fault that stays is reported: at least, and at most. */
export function attemptsAt(/** @type {string} */ name) {
  const attempts = name in LASTING_FAULTS ? 1 : 3;
  return [attempts, REPEATED_BY_BROWSER.includes(name) ? attempts * 3 : attempts];
}

/** What Chromium itself logs about a request that failed. */
export const LOGGED =
  /^console: Failed to load resource: (the server responded with a status of|net::ERR_|Unsafe attempt)/;

/**
 * A server's `intercept` that answers badly for some files, a number of times each.
 *
 * @param {(path: string) => string} fileOf where the file of a path is on the disk
 */
export function misbehave(fileOf) {
  const traffic = countTraffic();
  /** @type {Map<string, { fault: Fault, times: number }>} */
  const faults = new Map();
  let ranges = 0;
  return {
    /** @type {NonNullable<import('../../../scripts/serve.mjs').ServerOptions['intercept']>} */
    intercept: (request, response) => {
      traffic.intercept(request, response);
      if (request.headers.range !== undefined) ranges += 1;
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const set = faults.get(pathname);
      if (!set || set.times === 0) return false;
      set.times -= 1;
      set.fault(response, readFileSync(fileOf(pathname)));
      return true;
    },
    /** How often a path was asked for since faults were set last. */
    requests: (/** @type {string} */ path) => traffic.requests.get(path) ?? 0,
    /** How many requests asked for a part of a file. */
    ranges: () => ranges,
    /** Takes every fault back, and answers the next `times` requests for each of `paths` so. */
    setFault: (
      /** @type {string | readonly string[]} */ paths,
      /** @type {number} */ times,
      /** @type {Fault} */ fault,
    ) => {
      traffic.clear();
      faults.clear();
      for (const path of [paths].flat()) faults.set(path, { fault, times });
    },
  };
}
