/**
 * An engine in plain JavaScript with the exports of the compiled one. Words are hashed to 16 dimensions; a
 * cross-encoder's logit is how many of the query's words the passage has, in units of 10. A body is cut into passages
 * at its blank lines. "pasword" is misspelt. The text "TRAP" makes it trap, as a Rust panic does; weights that begin with "bad" are refused,
 * a cross-encoder of the weights "nan" gives no numbers, and one of "wordless" needs an embedder or words.
 */
import type { RetrievalOptions } from '../../src/engine/protocol.js';
import type { EngineModule, LexicalModule } from '../../src/engine/server.js';
import { dot, FakeCorpus, typed, vectorOf, words } from './fake-corpus.js';

type Engine = InstanceType<EngineModule['Engine']>;

const DIMS = 16;

export interface FakeNetwork {
  /** Addresses that the engine downloaded, in order. */
  fetched: string[];
  /** Contents by file name; `weights` where none is given. */
  files: Record<string, string>;
  /** How long a download takes. */
  delayMs?: number;
  /** The passages that were scored, in order. */
  scored?: string[];
}

export function fakeEngine(network: FakeNetwork = { fetched: [], files: {} }): EngineModule {
  class FakeEngine implements Engine {
    #corpus = new FakeCorpus();
    #fingerprint: string | undefined;
    #hasEmbedder = false;
    #weights = '';

    loadEmbedder(weights: Uint8Array) {
      const info = load(weights, DIMS);
      this.#hasEmbedder = true;
      return info;
    }

    loadReranker(
      weights: Uint8Array,
      _config?: unknown,
      _tokenizer?: unknown,
      _precision?: string,
      words?: object,
    ) {
      const info = load(weights, 1);
      if (info.fingerprint.includes('wordless') && !words && !this.#hasEmbedder)
        throw typed('invalid_model', 'this model has no word table; load it with its embedder');
      this.#weights = new TextDecoder().decode(weights);
      return info;
    }

    embed(texts: string[]) {
      const rows = texts.map((text) => {
        if (text.includes('TRAP')) throw trap();
        return vectorOf(text, DIMS);
      });
      const all = new Float32Array(texts.length * DIMS);
      rows.forEach((row, i) => {
        all.set(row, i * DIMS);
      });
      return all;
    }

    score(query: string, passages: string[]) {
      network.scored?.push(...passages);
      if (this.#weights === 'nan') return new Float32Array(passages.length).fill(Number.NaN);
      const wanted = words(query);
      return Float32Array.from(passages, (passage) => {
        const found = new Set(words(passage));
        return 10 * wanted.filter((word) => found.has(word)).length;
      });
    }

    createCollection(fingerprint: string) {
      this.#fingerprint = fingerprint;
      this.#corpus = new FakeCorpus();
    }

    addDocuments(documents: object[], replace: boolean) {
      if (!this.#hasEmbedder) throw typed('invalid_input', 'expected a bi-encoder to be loaded');
      this.#corpus.add(documents, replace);
      return this.#corpus.waiting().length;
    }

    removeDocuments(ids: string[]) {
      return this.#corpus.remove(ids);
    }

    pending(maxTokens: number) {
      const waiting = this.#corpus.waiting().slice(0, Math.max(1, maxTokens / 1000));
      return { ids: Uint32Array.from(waiting, ({ id }) => id), texts: waiting.map(({ input }) => input) };
    }

    setVectors(ids: Uint32Array, vectors: Float32Array) {
      ids.forEach((id, i) => {
        this.#corpus.setVector(id, vectors.slice(i * DIMS, (i + 1) * DIMS));
      });
    }

    counts() {
      return this.#corpus.counts();
    }

    retrieve(query: string, vector: Float32Array | undefined, options: RetrievalOptions) {
      if (query === 'TRAP') throw trap();
      return this.#corpus.retrieve(query, options, vector && ((other) => dot(vector, other)));
    }

    corrected(query: string, typing: boolean) {
      const corrected = query.replaceAll(typing ? /pasword(?=\s)/g : /pasword/g, 'password');
      return corrected === query ? undefined : corrected;
    }

    saveCollection() {
      const saved = this.#corpus.passages.map(({ vector, ...passage }) => {
        return { ...passage, vector: vector && [...vector] };
      });
      return new TextEncoder().encode(JSON.stringify({ fingerprint: this.#fingerprint, saved }));
    }

    restoreCollection(bytes: Uint8Array, fingerprint: string) {
      const file = JSON.parse(new TextDecoder().decode(bytes));
      if (file.fingerprint !== fingerprint) throw typed('invalid_index', 'made with another model');
      this.#fingerprint = fingerprint;
      this.#corpus = new FakeCorpus();
      for (const { vector, ...passage } of file.saved) {
        this.#corpus.passages.push({ ...passage, ...(vector && { vector: Float32Array.from(vector) }) });
      }
    }

    openIndex = noParts;
    addPart = noParts;
    exportParts = noParts;

    memoryBytes() {
      return 65536;
    }
  }

  return {
    initSync: () => undefined,
    Engine: FakeEngine,
    async fetchFile(url, _spec, _useCache, onProgress) {
      network.fetched.push(url);
      if (network.delayMs) await new Promise((resolve) => setTimeout(resolve, network.delayMs));
      const content = network.files[url.split('/').pop() as string] ?? 'weights';
      if (content === 'missing') throw typed('download_failed', `${url}: HTTP status 404`);
      onProgress(content.length, content.length);
      return new TextEncoder().encode(content);
    },
  };
}

function load(weights: Uint8Array, dims: number) {
  const content = new TextDecoder().decode(weights);
  if (content === 'trap') throw trap();
  if (content.startsWith('bad')) throw typed('unsupported_architecture', 'found "gpt2"');
  return {
    ...{ architecture: 'bert', layers: 6, hidden: 384, dims, maxTokens: 512, vocabulary: 30522 },
    macsPerToken: 10_616_832,
    fingerprint: `fingerprint of ${content}`,
  };
}

/** Indexes in parts are for the real engine to open: tests/browser/deployed.test.mjs. */
function noParts(): never {
  throw typed('internal', 'the fake engine knows no index in parts');
}

function trap(): Error {
  return new WebAssembly.RuntimeError('unreachable');
}

/** The lexical half, likewise. */
export function fakeLexical(): LexicalModule {
  return {
    initSync: () => undefined,
    Lexical: class {
      readonly #corpus = new FakeCorpus();

      add(documents: object[], replace: boolean) {
        this.#corpus.add(documents, replace);
      }

      remove(ids: string[]) {
        return this.#corpus.remove(ids);
      }

      openIndex = noParts;
      addPart = noParts;

      counts() {
        return this.#corpus.counts();
      }

      search(query: string, options: RetrievalOptions) {
        return this.#corpus.retrieve(query, options);
      }
    },
  };
}
