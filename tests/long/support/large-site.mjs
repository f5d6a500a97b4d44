/** A large index, made in minutes: nearly all of its vectors are stand-ins. */
import { embedPending, loadEngine } from '../../../bench/lib/engine.mjs';
import { pageMaker, sequence, unitVectors } from '../../../bench/lib/made-pages.mjs';
import { CORPUS } from './corpus.mjs';
import { writeSite } from './site.mjs';

/** As the command hands documents over. */
const BATCH = 64;

/**
 * Pages that are certain to be found: by a word that no other page has, and by a question that shares no word with them,
 * because theirs is the one vector that is really the question's.
 */
export const PLANTED = [
  { word: 'quillfeather', question: 'Where do I change the language of the interface?' },
  { word: 'brandywhistle', question: 'How can I invite somebody to my team?' },
  { word: 'oxenthimble', question: 'Can I get my money back after a month?' },
].map(({ word, question }, i) => ({
  ...{ id: `planted-${i}`, word, question },
  document: { id: `planted-${i}`, title: `Zyx${i}`, section: 'Planted', body: `${word} ${word}` },
}));

/**
 * @param {import('node:test').TestContext} t
 * @param {{ passages: number, weights: Buffer, dims: number }} options at least so many passages; the embedder whose vectors
 *   stand-ins take the place of
 */
export async function makeLargeSite(t, { passages, weights, dims }) {
  const Engine = await loadEngine('simd128');
  const engine = new Engine();
  try {
    const { fingerprint } = engine.loadEmbedder(weights, undefined, undefined, 'int8');
    engine.createCollection(fingerprint);
    engine.addDocuments(
      PLANTED.map(({ document }) => document),
      false,
    );
    embedPending(engine, () => engine.embed(PLANTED.map(({ question }) => question)));

    const random = sequence();
    const makePage = pageMaker(CORPUS, random);
    /** @type {string[]} */
    const titles = [];
    for (let n = 0; engine.counts().passages < passages; n += BATCH) {
      const batch = Array.from({ length: BATCH }, (_, i) => makePage(n + i));
      titles.push(...batch.map(({ title }) => title));
      engine.addDocuments(batch, false);
      embedPending(engine, ({ length }) => unitVectors(length, dims, random));
    }
    return { ...(await writeSite(t, engine)), ...engine.counts(), titles };
  } finally {
    engine.free();
  }
}
