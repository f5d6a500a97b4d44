/** How much the long tests do: all of it in `npm run test:long`, and a short form in `npm test`. */
const LONG = process.env.DOCSIFT_TESTS === 'long';

export const SIZES = LONG
  ? { long: true, passages: 50_000, warmUp: 400, queries: 1_000, rounds: 100, documents: 500, questions: 40 }
  : { long: false, passages: 1_500, warmUp: 120, queries: 120, rounds: 25, documents: 60, questions: 10 };
