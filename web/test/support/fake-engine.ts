/**
 * An engine in plain JavaScript with the exports of the compiled one. Words are hashed to 16 dimensions; a
 * cross-encoder's logit is how many of the query's words the passage has, in units of 10. The text "TRAP" makes it
 * trap, as a Rust panic does; weights that begin with "bad" are refused.
 */
import type { EngineModule } from '../../src/engine/server.js';

type Engine = InstanceType<EngineModule['Engine']>;

const DIMS = 16;

interface Passage {
  id: number;
  document: { id: string; title: string; body: string };
  vector?: Float32Array;
}

export interface FakeNetwork {
  /** Addresses that the engine downloaded, in order. */
  fetched: string[];
  /** Contents by file name; `weights` where none is given. */
  files: Record<string, string>;
  /** How long a download takes. */
  delayMs?: number;
}

export function fakeEngine(network: FakeNetwork = { fetched: [], files: {} }): EngineModule {
  class FakeEngine implements Engine {
    #passages: Passage[] = [];
    #nextId = 0;
    #fingerprint: string | undefined;
    #hasEmbedder = false;

    loadEmbedder(weights: Uint8Array) {
      const info = load(weights, DIMS);
      this.#hasEmbedder = true;
      return info;
    }

    loadReranker(weights: Uint8Array) {
      return load(weights, 1);
    }

    embed(texts: string[]) {
      const rows = texts.map((text) => vectorOf(text));
      const all = new Float32Array(texts.length * DIMS);
      rows.forEach((row, i) => {
        all.set(row, i * DIMS);
      });
      return all;
    }

    score(query: string, passages: string[]) {
      const wanted = words(query);
      return Float32Array.from(passages, (passage) => {
        const found = new Set(words(passage));
        return 10 * wanted.filter((word) => found.has(word)).length;
      });
    }

    createCollection(fingerprint: string) {
      this.#fingerprint = fingerprint;
      this.#passages = [];
    }

    addDocuments(documents: object[], replace: boolean) {
      if (!this.#hasEmbedder) throw typed('invalid_input', 'expected a bi-encoder to be loaded');
      const added = documents as Passage['document'][];
      for (const { id, body } of added) {
        if (typeof body !== 'string')
          throw typed('invalid_input', `document "${id}": expected "body" to be text`);
        if (!replace && this.#passages.some(({ document }) => document.id === id)) {
          throw typed('invalid_input', `document "${id}" is there already`);
        }
      }
      this.removeDocuments(added.map(({ id }) => id));
      for (const document of added) this.#passages.push({ id: this.#nextId++, document });
      return this.#waiting().length;
    }

    removeDocuments(ids: string[]) {
      const before = this.#passages.length;
      this.#passages = this.#passages.filter(({ document }) => !ids.includes(document.id));
      return before - this.#passages.length;
    }

    pending(maxTokens: number) {
      const waiting = this.#waiting().slice(0, Math.max(1, maxTokens / 1000));
      return { ids: Uint32Array.from(waiting, ({ id }) => id), texts: waiting.map(inputOf) };
    }

    setVectors(ids: Uint32Array, vectors: Float32Array) {
      ids.forEach((id, i) => {
        const passage = this.#passages.find((candidate) => candidate.id === id);
        if (passage) passage.vector = vectors.slice(i * DIMS, (i + 1) * DIMS);
      });
    }

    counts() {
      const passages = this.#passages.length;
      return { documents: passages, passages, embedded: passages - this.#waiting().length };
    }

    retrieve(query: string, vector: Float32Array | undefined, limit: number) {
      if (query === 'TRAP') throw trap();
      const candidates = this.#passages.map((passage) => {
        const cosine = vector && passage.vector && dot(vector, passage.vector);
        const bm25 = words(query).filter((word) => words(inputOf(passage)).includes(word)).length;
        const { id: documentId } = passage.document;
        const { body: text } = passage.document;
        const fused = cosine ?? bm25;
        return {
          ...{ passageId: passage.id, documentId, document: passage.document, text, input: inputOf(passage) },
          ...{ cosine, bm25, fused },
        };
      });
      candidates.sort((a, b) => b.fused - a.fused);
      return {
        stage: vector ? ('hybrid' as const) : ('lexical' as const),
        candidates: candidates.slice(0, limit),
      };
    }

    saveCollection() {
      const saved = this.#passages.map(({ document, vector }) => ({
        document,
        vector: vector && [...vector],
      }));
      return new TextEncoder().encode(JSON.stringify({ fingerprint: this.#fingerprint, saved }));
    }

    restoreCollection(bytes: Uint8Array, fingerprint: string) {
      const file = JSON.parse(new TextDecoder().decode(bytes));
      if (file.fingerprint !== fingerprint) throw typed('invalid_index', 'made with another model');
      this.#fingerprint = fingerprint;
      this.#passages = file.saved.map(
        ({ document, vector }: { document: Passage['document']; vector?: number[] }) => ({
          ...{ id: this.#nextId++, document },
          ...(vector && { vector: Float32Array.from(vector) }),
        }),
      );
    }

    memoryBytes() {
      return 65536;
    }

    #waiting() {
      return this.#passages.filter(({ vector }) => !vector);
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
    fingerprint: `fingerprint of ${content}`,
  };
}

function vectorOf(text: string): Float32Array {
  if (text.includes('TRAP')) throw trap();
  const row = new Float32Array(DIMS);
  for (const word of words(text)) {
    let hash = 7;
    for (const character of word) hash = (hash * 31 + character.charCodeAt(0)) % 9973;
    row[hash % DIMS] = (row[hash % DIMS] as number) + 1;
  }
  const length = Math.hypot(...row) || 1;
  return row.map((value) => value / length);
}

function inputOf({ document }: Passage): string {
  return `${document.title}. ${document.body}`;
}

function words(text: string): string[] {
  return text.toLowerCase().match(/\w+/g) ?? [];
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

function trap(): Error {
  return new WebAssembly.RuntimeError('unreachable');
}

function typed(code: string, message: string): Error {
  return Object.assign(new Error(message), { name: 'DocsiftError', code });
}
