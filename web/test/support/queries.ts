/** What the tests of queries share: documents, a search over them, a stream gathered. */
import { createSearch, DocsiftError, type SearchOptions } from '../../src/index.js';

export const DOCUMENTS = [
  {
    id: 'reset',
    title: 'Reset',
    body: 'Choose a new password when the old password is lost',
    section: 'Account',
    tags: ['password', 'login'],
    views: 90,
  },
  { id: 'delete', title: 'Delete', body: 'Remove your account for ever', section: 'Account', views: 10 },
  { id: 'invite', title: 'Invite', body: 'Ask colleagues to join', section: 'People' },
];

/** Long enough for several chunks of work. */
export const many = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const words = `${i % 2 === 0 ? 'password ' : ''}${i % 3 === 0 ? 'lost ' : ''}`;
    return { id: `n${i}`, title: `Article ${i}`, body: `${words}${'filler '.repeat(60)}` };
  });

export const start = (options: SearchOptions = {}) =>
  createSearch({ modelBaseUrl: 'https://example.org/models', workers: 2, ...options });

export const code = (expected: string) => (error: unknown) =>
  error instanceof DocsiftError && error.code === expected;

export const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
