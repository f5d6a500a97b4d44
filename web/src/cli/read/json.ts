/** Documents that are written out already: a JSON array, `{ "documents": […] }`, or JSON Lines. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { messageOf } from '../../errors.js';
import type { SearchDocument } from '../../types.js';
import { readText } from './folder.js';
import { empty, type Item, unreadable } from './source.js';

/** @param name how the file is called in messages */
export async function* readJson(file: string, name: string): AsyncGenerator<Item> {
  if (/\.(jsonl|ndjson)$/i.test(file)) yield* readLines(file, name);
  else yield* readArray(file, name);
}

async function* readLines(file: string, name: string): AsyncGenerator<Item> {
  let number = 0;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number += 1;
    if (line.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (thrown) {
      yield unreadable(`${name}:${number}`, messageOf(thrown));
      continue;
    }
    yield toDocument(value, `${name}:${number}`);
  }
}

async function* readArray(file: string, name: string): AsyncGenerator<Item> {
  let json: unknown;
  try {
    json = JSON.parse(await readText(file));
  } catch (thrown) {
    yield unreadable(name, messageOf(thrown));
    return;
  }
  const list = Array.isArray(json) ? json : (json as { documents?: unknown } | null)?.documents;
  if (!Array.isArray(list)) {
    yield unreadable(name, 'expected an array of documents, or an object with "documents"');
    return;
  }
  for (const [index, value] of list.entries()) yield toDocument(value, `${name}[${index}]`);
}

/** Checks what the engine would refuse, so that the message names the place. A document without an id has its URL. */
function toDocument(value: unknown, place: string): Item {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return unreadable(place, 'expected an object with id, title and body');
  const { id, url, title = '', body = '', ...fields } = value as Record<string, unknown>;
  const key = id ?? url;
  if (typeof key !== 'string' || key.trim() === '')
    return unreadable(
      place,
      `expected "id" or "url" to be a text, found ${JSON.stringify(key) ?? 'neither'}`,
    );
  for (const [name, field] of Object.entries({ title, body })) {
    if (typeof field !== 'string')
      return unreadable(
        place,
        `expected "${name}" to be a text, found ${JSON.stringify(field).slice(0, 40)}`,
      );
  }
  for (const [name, field] of Object.entries({ url, section: fields.section, updated: fields.updated })) {
    if (field !== undefined && field !== null && typeof field !== 'string')
      return unreadable(
        place,
        `expected "${name}" to be a text, found ${JSON.stringify(field).slice(0, 40)}`,
      );
  }
  const document = { ...fields, id: key, title, body } as SearchDocument;
  if (typeof url === 'string') document.url = url;
  if (document.title.trim() === '' && document.body.trim() === '')
    return empty(place, 'it has neither a title nor a body');
  return { document, file: place };
}
