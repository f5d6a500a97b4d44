/** What the adapters of engines without a text pipeline of their own share. */
import { Tokenizer } from '@huggingface/tokenizers';

const MAX_TOKENS = 512;

/** @param {string} url */
export async function fetchBytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * @param {string} folder
 * @returns {Promise<(text: string, pair?: string) => { ids: number[], typeIds: number[] }>}
 */
export async function loadTokenizer(folder) {
  const [tokenizer, config] = await Promise.all(
    ['tokenizer.json', 'tokenizer_config.json'].map(async (name) =>
      (await fetch(`${folder}/${name}`)).json(),
    ),
  );
  const loaded = new Tokenizer(tokenizer, config);
  return (text, pair) => {
    const { ids, token_type_ids: typeIds } = loaded.encode(text, {
      text_pair: pair,
      return_token_type_ids: true,
    });
    if (ids.length > MAX_TOKENS)
      throw new Error(`a text of the workload has ${ids.length} tokens, over ${MAX_TOKENS}`);
    return { ids, typeIds };
  };
}

/**
 * Runs encodings one by one and lays the results end to end.
 *
 * @param {{ ids: number[], typeIds: number[] }[]} encodings
 * @param {(encoding: { ids: number[], typeIds: number[] }) => Promise<ArrayLike<number>> | ArrayLike<number>} compute
 */
export async function oneByOne(encodings, compute) {
  const rows = [];
  for (const encoding of encodings) rows.push(await compute(encoding));
  const values = new Float32Array(rows.reduce((total, row) => total + row.length, 0));
  let at = 0;
  for (const row of rows) {
    values.set(row, at);
    at += row.length;
  }
  return { values, tokens: encodings.reduce((total, { ids }) => total + ids.length, 0) };
}
