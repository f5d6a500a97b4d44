/** Brings an index to what a site holds now: reads it, embeds what is new or changed, drops what is gone. */
import { DocsiftError } from '../errors.js';
import type { SearchDocument } from '../types.js';
import { isUnusable, readIndex, writeIndex } from './deploy/index-files.js';
import { hashOf, readState, type State, writeState } from './deploy/state.js';
import type { Indexer } from './engine/indexer.js';
import { readSource, type Source } from './read/index.js';
import type { ReadOptions } from './read/source.js';
import type { Problems } from './report.js';

/** Documents are handed to the engine in batches of so many, or of so much text. */
const BATCH_DOCUMENTS = 64;
const BATCH_CHARACTERS = 400_000;

export interface Outcome {
  documents: number;
  passages: number;
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
  /** Passages that were embedded in this run. */
  embedded: number;
  indexBytes: number;
}

export interface Site {
  source: Source;
  options: ReadOptions;
  /** The folder of the index. */
  out: string;
  /** Of docsift. */
  version: string;
}

/**
 * Indexes a site. Nothing is written when `problems` has errors, unless `keepGoing`: then `invalid_input`, and what an
 * earlier run wrote stays.
 *
 * @param onRead told of every document read
 */
export async function indexSite(
  { source, options, out, version }: Site,
  indexer: Indexer,
  problems: Problems,
  { fresh, keepGoing, onRead }: { fresh: boolean; keepGoing: boolean; onRead: () => void },
): Promise<Outcome> {
  const before = fresh ? undefined : await restore(indexer, out);
  if (!before) await indexer.create();
  // Another version may cut documents otherwise: all are put in again, and passages that read the same keep their vectors.
  const known = before?.docsift === version ? before.documents : {};

  const documents: Record<string, string> = {};
  const tally = { added: 0, changed: 0, unchanged: 0 };
  const batches = new Batches(indexer);
  for await (const item of readSource(source, options, [out])) {
    if (item.problem) {
      problems.add(item.problem);
      continue;
    }
    const { document } = item;
    const hash = hashOf(document);
    documents[document.id] = hash;
    const present = before !== undefined && Object.hasOwn(before.documents, document.id);
    // Where the run is going to fail, it is only read on, for the problems there are.
    const doomed = problems.errors > 0 && !keepGoing;
    if (Object.hasOwn(known, document.id) && known[document.id] === hash) tally.unchanged += 1;
    else if (!doomed) {
      tally[present ? 'changed' : 'added'] += 1;
      await batches.put(document);
    }
    onRead();
  }
  await batches.finish();
  await indexer.finish();
  if (problems.errors > 0 && !keepGoing) {
    const advice = 'mend them, or leave them out with --keep-going';
    throw new DocsiftError('invalid_input', `${problems.errors} of the files cannot be indexed; ${advice}`);
  }
  if (Object.keys(documents).length === 0)
    throw new DocsiftError(
      'invalid_input',
      `${source.path}: no page in it has any text; name the built site`,
    );

  const gone = Object.keys(before?.documents ?? {}).filter((id) => !Object.hasOwn(documents, id));
  const removed = gone.length > 0 ? await indexer.remove(gone) : 0;
  const counts = await indexer.counts();
  const { documents: total, passages } = counts;
  const indexBytes = await writeIndex(out, await indexer.exportParts());
  // After the index, so that it never names what the index does not hold.
  await writeState(out, { docsift: version, fingerprint: indexer.model.fingerprint, documents });
  return { ...tally, documents: total, passages, removed, embedded: indexer.embedded, indexBytes };
}

/** Begins with what an earlier run made; `undefined` where that cannot be used. */
async function restore(indexer: Indexer, out: string): Promise<State | undefined> {
  const state = await readState(out);
  if (state?.fingerprint !== indexer.model.fingerprint) return undefined;
  try {
    const index = await readIndex(out);
    if (index?.manifest.model.fingerprint !== indexer.model.fingerprint) return undefined;
    await indexer.open(index);
  } catch (thrown) {
    // Damaged, or of an older format: it is made anew.
    if (isUnusable(thrown)) return undefined;
    throw thrown;
  }
  // A run that was broken off between the two files leaves an index with documents that its state does not know.
  const { documents } = await indexer.counts();
  return documents === Object.keys(state.documents).length ? state : undefined;
}

/** Hands documents over in batches. One is embedded while the next is read, so that no core waits. */
class Batches {
  readonly #indexer: Indexer;
  #documents: SearchDocument[] = [];
  #characters = 0;
  #running: Promise<void>[] = [];

  constructor(indexer: Indexer) {
    this.#indexer = indexer;
  }

  async put(document: SearchDocument): Promise<void> {
    this.#documents.push(document);
    this.#characters += document.body.length + document.title.length;
    if (this.#documents.length >= BATCH_DOCUMENTS || this.#characters >= BATCH_CHARACTERS) await this.#send();
  }

  async finish(): Promise<void> {
    await this.#send();
    await Promise.all(this.#running);
  }

  async #send(): Promise<void> {
    if (this.#documents.length > 0) {
      const running = this.#indexer.put(this.#documents);
      // Looked at below; until then a rejection is not unhandled.
      running.catch(() => {});
      this.#running.push(running);
      this.#documents = [];
      this.#characters = 0;
    }
    while (this.#running.length > 2) await this.#running.shift();
  }
}
