import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countFacets, failingField } from '../src/query/where.js';
import type { Condition } from '../src/types.js';

const document = {
  ...{ id: 'a', title: 'A', body: '', updated: '2024-05-01', views: 20 },
  ...{ tags: ['x', 'y'], published: true, nested: { x: 1 } },
};
const fits = (field: string, condition: Condition) =>
  failingField(document, { [field]: condition }) === undefined;

test('a condition is a value, any of several, none of several, or bounds', () => {
  assert.ok(fits('views', 20) && !fits('views', 21) && !fits('views', '20'));
  assert.ok(fits('published', true) && !fits('published', false));
  assert.ok(fits('tags', 'x') && fits('tags', ['z', 'y']) && !fits('tags', ['z']) && !fits('tags', []));
  assert.ok(!fits('tags', { not: 'x' }) && !fits('tags', { not: ['z', 'x'] }) && fits('tags', { not: 'z' }));
  assert.ok(
    fits('views', { min: 20, max: 20 }) && !fits('views', { min: 21 }) && !fits('views', { max: 19 }),
  );
  assert.ok(fits('updated', { min: '2024-01-01' }) && !fits('updated', { max: '2024-04-30' }));
  assert.ok(!fits('views', { min: '1' }), 'values of different types are not compared');
});

test('a document without the field fits only what excludes', () => {
  assert.ok(!fits('gone', 'x') && !fits('gone', { min: 1 }) && !fits('nested', 1));
  assert.ok(fits('gone', { not: 'x' }));
});

test('all conditions have to hold, and the first that does not is named', () => {
  assert.equal(failingField(document, { views: 20, tags: 'z', published: false }), 'tags');
  assert.equal(failingField(document, {}), undefined);
  assert.equal(failingField(document, undefined), undefined);
});

test('facets count documents by value, each once', () => {
  const other = { ...document, id: 'b', tags: ['y', 'y', '__proto__'], views: 20 };
  const facets = countFacets([document, other], ['tags', 'gone']);
  assert.deepEqual(Object.entries(facets.tags ?? {}), [
    ['x', 1],
    ['y', 2],
    ['__proto__', 1],
  ]);
  assert.deepEqual(facets.gone, {});
});

test('names that every object inherits are names like others', () => {
  for (const field of ['constructor', '__proto__', 'toString'])
    assert.ok(!fits(field, 'x') && fits(field, { not: 'x' }), field);
  const hostile = JSON.parse('{ "id": "c", "title": "", "body": "", "__proto__": "x", "constructor": "y" }');
  const facets = countFacets([hostile], ['__proto__', 'constructor']);
  assert.equal(Object.getPrototypeOf(facets), Object.prototype);
  assert.deepEqual(Object.entries(facets), [
    ['__proto__', { x: 1 }],
    ['constructor', { y: 1 }],
  ]);
});
