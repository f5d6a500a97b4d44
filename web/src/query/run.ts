/** The course of one query: by words, by words and meaning, then reranked, each told as soon as it is known. */
import type { Calibration, Calibrations } from '../calibration.js';
import type { Candidate, Retrieval, RetrievalOptions } from '../engine/protocol.js';
import { DocsiftError } from '../errors.js';
import type { WordsFound } from '../lexical/word-search.js';
import { absentTexts, type Found, type TextsWanted } from '../texts.js';
import type { RerankReport, Stage } from '../types.js';
import { abortable } from './abort.js';
import { Clock } from './clock.js';
import { News } from './news.js';
import { OPENING_TOKENS, openingsOfBest } from './openings.js';
import type { Query } from './options.js';
import { affordable, passageTokens, reasonToSkip } from './plan.js';
import { NOTHING_FOUND, type Snapshot } from './present.js';
import type { ScoreCache } from './score-cache.js';

/** Retrieval by more than words. */
export interface Retriever {
  /** Whether it is known to fail: there is nothing to wait for then. */
  failed: () => boolean;
  /** Resolves when it takes queries; rejects with why it never will. */
  ready: Promise<RetrieverInfo>;
  /** `undefined` for a retriever that needs none. */
  embed?: ((query: Query, signal: AbortSignal) => Promise<Embedded>) | undefined;
  retrieve: (
    text: string,
    vector: Float32Array | undefined,
    options: RetrievalOptions,
    signal: AbortSignal,
    wanted: TextsWanted,
  ) => Promise<Found>;
}

export interface RetrieverInfo {
  /** Of the fused score. */
  calibration?: Calibration | undefined;
}

export interface Embedded {
  vector: Float32Array;
  /** What it is the vector of: the query, put right where words of it are misspelt. */
  read: string;
  /** Whether it was kept from an earlier query. */
  kept: boolean;
}

/** What scores (query, passage) pairs. */
export interface Scorer {
  /** Rejects with why there will be none. */
  ready: Promise<ScorerInfo>;
  /** Tokens per millisecond; `undefined` where it is not known. */
  rate: () => number | undefined;
  /** One logit for each text; `onScores` is told of them as they come. */
  score: (query: string, texts: readonly string[], options: ScoreOptions) => Promise<ArrayLike<number>>;
}

export interface ScorerInfo {
  /** Tells the weights; scores without one are not kept. */
  fingerprint?: string | undefined;
  mixingWeight: number;
  /** How much the opening of a passage's document counts in its logit; 0 where none is to be read. */
  openingShare: number;
  /** Of the score that orders what was reranked. */
  calibration?: Calibration | undefined;
  /** Whether a budget can be kept to: whether passages may be scored a few at a time. */
  divisible: boolean;
}

export interface ScoreOptions {
  signal: AbortSignal;
  onScores: (indices: readonly number[], logits: ArrayLike<number>) => void;
}

/** What a query is answered with. */
export interface Backends {
  words: (text: string, options: RetrievalOptions, wanted?: TextsWanted) => Promise<WordsFound>;
  /** `undefined` where words are all there is. */
  retriever: Retriever | undefined;
  /** `undefined` where reranking is left out. */
  scorer: Scorer | undefined;
  scores: ScoreCache;
}

/** How long results wait for the texts of their excerpts, and reranking for those of its passages, in milliseconds. */
const EXCERPTS_MS = 3000;
const RERANK_TEXTS_MS = 10_000;

export class QueryRun {
  readonly #backends: Backends;
  readonly #query: Query;
  readonly #signal: AbortSignal;
  readonly #clock = new Clock();
  /** Of the latest stage. */
  #stage: Stage = 'lexical';
  #retrieval: Retrieval = NOTHING_FOUND;
  #embedded: Snapshot['embedded'] = false;
  /** What the models read. */
  #read: string;
  #logits: (number | undefined)[] = [];
  #cached = new Set<number>();
  #openings = new Map<string, number>();
  #openingTokens = 0;
  #calibrations: Calibrations = { mixingWeight: 0, openingShare: 0 };
  /** Why texts of the latest retrieval are missing. */
  #missing: DocsiftError | undefined;

  constructor(backends: Backends, query: Query, signal: AbortSignal) {
    this.#backends = backends;
    this.#query = query;
    this.#read = query.text;
    this.#signal = signal;
  }

  /**
   * One snapshot for each stage, several for the last, and at the end one that is `final`. Where a stage fails, the one
   * before it is the last, with the reason. Rejects with the signal's reason, and where the query itself is refused.
   */
  async *snapshots(): AsyncGenerator<Snapshot, void, undefined> {
    this.#signal.throwIfAborted();
    if (this.#query.text.trim() === '') {
      yield this.#snapshot(true, 'nothing_found');
      return;
    }
    const { retriever, scorer } = this.#backends;
    const embedding = handled(this.#embed(retriever));

    const words = await this.#clock.time('lexical', this.#findWords());
    this.#take(words);
    const { reason: onlyTitles } = words;
    // What is found is shown at once. Where texts of it are still to be fetched, it is shown once more with these.
    const isWhole = absentTexts(words.retrieval, this.#query.limit).length === 0;
    const withoutTexts = (thrown: unknown) => ({ ...words, missing: this.#reasonOf(thrown) });
    const whole = isWhole ? undefined : handled(this.#findWords(this.#shown()).catch(withoutTexts));
    if (whole || (retriever && !retriever.failed())) yield this.#snapshot(false, 'pending', onlyTitles);
    if (retriever) {
      const retrieving = handled(this.#retrieve(retriever, embedding, this.#shown()));
      try {
        if (whole && (await comesBefore(whole, retrieving))) {
          this.#take(await whole);
          yield this.#snapshot(false, 'pending', onlyTitles);
        }
        this.#takeRetrieved(await retrieving, await embedding);
      } catch (thrown) {
        if (whole) this.#take(await whole);
        yield this.#snapshot(true, 'failed', this.#reasonOf(onlyTitles ?? thrown));
        return;
      }
    } else if (whole) this.#take(await whole);

    const skipped = reasonToSkip(this.#query, this.#retrieval, scorer !== undefined);
    if (skipped || !scorer) {
      yield this.#snapshot(true, skipped ?? 'off', retriever ? undefined : onlyTitles);
      return;
    }
    yield this.#snapshot(false, 'pending');
    try {
      await this.#getTexts(retriever, embedding);
      yield* this.#rerank(scorer);
    } catch (thrown) {
      this.#stage = this.#retrieval.stage;
      this.#logits = [];
      this.#openings = new Map();
      this.#cached = new Set();
      yield this.#snapshot(true, 'failed', this.#reasonOf(thrown));
    }
  }

  /** Begins at once where nothing has to be waited for, so that it goes on while the words are looked up. */
  async #embed(retriever: Retriever | undefined): Promise<Embedded | undefined> {
    if (!retriever) return undefined;
    const { ready, embed } = retriever;
    const { calibration } = await this.#clock.time('waiting', abortable(ready, this.#signal));
    this.#calibrations = { ...this.#calibrations, fused: calibration };
    if (!embed) return undefined;
    return this.#clock.time('embedQuery', abortable(embed(this.#query, this.#signal), this.#signal));
  }

  #findWords(wanted?: TextsWanted): Promise<WordsFound> {
    const { retriever, words } = this.#backends;
    return abortable(words(this.#query.text, this.#retrievalOptions(!retriever), wanted), this.#signal);
  }

  async #retrieve(
    retriever: Retriever,
    embedding: Promise<Embedded | undefined>,
    wanted: TextsWanted,
  ): Promise<Found> {
    const vector = (await embedding)?.vector;
    const options = this.#retrievalOptions(true);
    const retrieving = retriever.retrieve(this.#query.text, vector, options, this.#signal, wanted);
    return this.#clock.time('retrieve', abortable(retrieving, this.#signal));
  }

  #take({ retrieval, missing }: Found): void {
    this.#retrieval = retrieval;
    this.#missing = missing;
  }

  #takeRetrieved(found: Found, embedded: Embedded | undefined): void {
    this.#take(found);
    this.#stage = found.retrieval.stage;
    this.#embedded = embedded ? (embedded.kept ? 'kept' : 'computed') : false;
    this.#read = embedded?.read ?? this.#query.text;
  }

  /** The texts of the documents that are shown. */
  #shown(): TextsWanted {
    return { documents: this.#query.limit, patienceMs: EXCERPTS_MS };
  }

  /** Gets the texts that are to be reranked, of which not all were to be shown. */
  async #getTexts(retriever: Retriever | undefined, embedding: Promise<Embedded | undefined>): Promise<void> {
    const isWhole = () => this.#retrieval.candidates.every(({ input }) => input !== undefined);
    if (isWhole()) return;
    const wanted = { documents: Number.POSITIVE_INFINITY, patienceMs: RERANK_TEXTS_MS };
    this.#take(await (retriever ? this.#retrieve(retriever, embedding, wanted) : this.#findWords(wanted)));
    // Ranking some of the passages below the others for want of their text would be no order at all.
    if (!isWhole()) throw this.#missing ?? new DocsiftError('internal', 'texts of the index are missing');
  }

  async *#rerank(scorer: Scorer): AsyncGenerator<Snapshot, void, undefined> {
    const { candidates } = this.#retrieval;
    const { rerank } = this.#query;
    const { scores } = this.#backends;
    const info = await this.#clock.time('waiting', abortable(scorer.ready, this.#signal));
    const { mixingWeight, openingShare, calibration: reranked } = info;
    this.#calibrations = { ...this.#calibrations, mixingWeight, openingShare, reranked };
    this.#logits = candidates.map((candidate) => scores.get(info.fingerprint, this.#read, candidate));
    this.#cached = new Set(this.#scored());
    const stop = this.#clock.start('rerank');
    const budget = typeof rerank === 'object' && info.divisible ? rerank.budgetMs : undefined;
    const started = performance.now();
    const left = () => (budget === undefined ? undefined : budget - (performance.now() - started));
    try {
      for (;;) {
        const missing = [...candidates.keys()].filter((i) => this.#logits[i] === undefined);
        const batch = this.#affordable(missing, left(), scorer.rate());
        if (batch.length === 0) break;
        yield* this.#score(scorer, batch, info.fingerprint);
        if (budget === undefined) break;
      }
      if (openingShare > 0) await this.#readOpenings(scorer, info.fingerprint, left());
    } finally {
      stop();
    }
    if (this.#scored().length > 0) this.#stage = 'reranked';
    yield this.#snapshot(true, budget !== undefined ? 'budget' : rerank === 'auto' ? 'auto' : 'all');
  }

  #affordable(
    missing: readonly number[],
    leftMs: number | undefined,
    rate: number | undefined,
  ): readonly number[] {
    if (leftMs === undefined) return missing;
    const candidates = missing.map((i) => this.#retrieval.candidates[i] as Candidate);
    return missing.slice(0, affordable(this.#read, candidates, leftMs, rate));
  }

  /** Scores the candidates at these positions, the best of the retriever's first, and tells of every few. */
  async *#score(
    scorer: Scorer,
    positions: readonly number[],
    fingerprint: string | undefined,
  ): AsyncGenerator<Snapshot, void, undefined> {
    const read = this.#read;
    const batch = positions.map((i) => this.#retrieval.candidates[i] as Candidate);
    const news = new News();
    const scoring = scorer.score(
      read,
      batch.map(({ input }) => input as string),
      {
        signal: this.#signal,
        onScores: (indices, logits) => {
          checkLogits(logits);
          indices.forEach((index, i) => {
            this.#logits[positions[index] as number] = logits[i];
            this.#backends.scores.set(fingerprint, read, batch[index] as Candidate, logits[i] as number);
          });
          news.announce();
        },
      },
    );
    const done = abortable(scoring, this.#signal).then(() => 'done' as const);
    // The caller may have stopped listening when it is rejected.
    done.catch(() => {});
    while ((await Promise.race([done, news.next()])) !== 'done') {
      if (this.#scored().length === this.#logits.length) continue;
      this.#stage = 'reranked';
      yield this.#snapshot(false, 'pending');
    }
  }

  /** Reads what the best documents open with; none of them where the time left is too short for all. */
  async #readOpenings(
    scorer: Scorer,
    fingerprint: string | undefined,
    leftMs: number | undefined,
  ): Promise<void> {
    const openings = openingsOfBest(
      this.#retrieval,
      this.#logits,
      this.#calibrations.mixingWeight,
      this.#query,
    );
    const read = this.#read;
    const { scores } = this.#backends;
    const logits = new Map(openings.map(([id, opening]) => [id, scores.get(fingerprint, read, opening)]));
    const missing = openings.filter(([id]) => logits.get(id) === undefined);
    const inputs = missing.map(([, opening]) => opening);
    if (leftMs !== undefined && affordable(read, inputs, leftMs, scorer.rate()) < inputs.length) return;
    if (inputs.length > 0) {
      const options = { signal: this.#signal, onScores: () => {} };
      const texts = inputs.map(({ input }) => input);
      const scored = await abortable(scorer.score(read, texts, options), this.#signal);
      checkLogits(scored);
      missing.forEach(([id, opening], i) => {
        logits.set(id, scored[i]);
        scores.set(fingerprint, read, opening, scored[i] as number);
      });
    }
    this.#openings = logits as Map<string, number>;
    this.#openingTokens = inputs.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  /** @param last whether what is found is reranked, where anything is, and not found once more before that */
  #retrievalOptions(last: boolean): RetrievalOptions {
    const { retrieve, limit, where, boost, facets, typing, explain, trace, rerank } = this.#query;
    const { scorer } = this.#backends;
    const rerankTokens = passageTokens(this.#query, scorer?.rate());
    const all = trace || (last && scorer !== undefined && rerank !== false);
    const texts = all ? undefined : limit;
    const openings = last && scorer && rerank !== false ? OPENING_TOKENS : undefined;
    return { limit: retrieve, where, boost, facets, typing, explain, rerankTokens, texts, openings };
  }

  #snapshot(final: boolean, why: RerankReport['why'], reason?: DocsiftError): Snapshot {
    return {
      ...{ stage: this.#stage, final, retrieval: this.#retrieval, logits: [...this.#logits] },
      openings: this.#openings,
      ...{ cached: this.#cached, calibrations: this.#calibrations, embedded: this.#embedded },
      corrected: this.#read === this.#query.text ? undefined : this.#read,
      rerank: this.#report(why),
      timings: this.#clock.timings(),
      reason: reason ?? this.#missing,
    };
  }

  #report(why: RerankReport['why']): RerankReport {
    const { rerank } = this.#query;
    const mode =
      rerank === false || !this.#backends.scorer ? 'off' : typeof rerank === 'object' ? 'budget' : rerank;
    const scored = this.#scored();
    const computed = scored.filter((i) => !this.#cached.has(i));
    const tokens = computed.reduce((sum, i) => sum + (this.#retrieval.candidates[i] as Candidate).tokens, 0);
    const cached = scored.length - computed.length;
    return { mode, candidates: scored.length, cached, tokens: tokens + this.#openingTokens, why };
  }

  /** The positions of the candidates that have a logit. */
  #scored(): number[] {
    return [...this.#logits.keys()].filter((i) => this.#logits[i] !== undefined);
  }

  /** Why a stage is missing; throws instead where the query was given up or refused, or the search closed. */
  #reasonOf(thrown: unknown): DocsiftError {
    this.#signal.throwIfAborted();
    const reason = DocsiftError.from(thrown);
    if (reason.code === 'closed' || reason.code === 'invalid_input') throw reason;
    return reason;
  }
}

/** A promise that is looked at later; until then its rejection is not unhandled. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Whether the first is fulfilled before the other is settled. */
function comesBefore(first: Promise<unknown>, other: Promise<unknown>): Promise<boolean> {
  const no = () => false;
  return Promise.race([first.then(() => true, no), other.then(no, no)]);
}

function checkLogits(logits: ArrayLike<number>): void {
  if (Array.from(logits).every(Number.isFinite)) return;
  throw new DocsiftError('invalid_model', 'the reranker gave a score that is no number; use another model');
}
