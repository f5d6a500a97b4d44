/** Wires the page: what is typed becomes queries, what the engine tells becomes what is seen. */
import { enableOffline, type QueryResult, type Search, type Stage, type Term, type Timings } from 'docsift';
import { byId, make } from './dom.js';
import { count, duration, megabytes } from './format.js';
import { messageOf, openHelpCenter } from './help-center.js';
import { ProgressPanel } from './progress.js';
import { ResultList } from './results.js';
import { TracePanel } from './trace.js';

const EXAMPLES = [
  'someone posted in the wrong channel, how do I relocate the whole thread?',
  'phone gets no push alerts',
  'can outsiders read our discussions without signing up?',
  'see who clicked thumbs up',
  'forgoten pasword reset link',
];
/** Long enough not to search for every letter, short enough not to be noticed. */
const TYPING_PAUSE_MS = 180;
/** What reranking may take with "Answer quickly". */
const QUICK_MS = 200;

const SO_FAR: Record<Stage, (result: QueryResult) => string> = {
  lexical: () => 'By their words; meaning comes next …',
  hybrid: () => 'By words and meaning; now reading the passages together with your question …',
  reranked: ({ counts }) =>
    `${count(counts.reranked)} of ${count(counts.candidates)} passages read together with your question …`,
};

const form = byId('search', HTMLFormElement);
const input = byId('query', HTMLInputElement);
const quick = byId('quick', HTMLInputElement);
const outcome = byId('outcome', HTMLElement);
const status = byId('status', HTMLElement);
const notice = byId('notice', HTMLElement);
const stages = byId('stages', HTMLOListElement);
const corrected = byId('corrected', HTMLElement);
const stats = byId('stats', HTMLElement);
const progress = new ProgressPanel(byId('progress', HTMLElement));
const results = new ResultList(byId('hits', HTMLOListElement));
const trace = new TracePanel(byId('trace', HTMLDetailsElement));

let search: Search | undefined;
let running: AbortController | undefined;
let pause: ReturnType<typeof setTimeout> | undefined;

function showNotice(text: string): void {
  notice.textContent = text;
  notice.hidden = text === '';
}

function setQuery(text: string): void {
  input.value = text;
  submit();
}

/** `typing`: more of the question may follow. */
function submit(typing = false): void {
  clearTimeout(pause);
  const text = input.value.trim();
  const address = new URL(location.href);
  if (text) address.searchParams.set('q', text);
  else address.searchParams.delete('q');
  history.replaceState(null, '', address);
  void ask(text, typing);
}

/** Runs one query; a newer one ends it. */
async function ask(text: string, typing: boolean): Promise<void> {
  running?.abort();
  const controller = new AbortController();
  running = controller;
  if (text === '') {
    outcome.hidden = true;
    results.clear();
    status.textContent = '';
    return;
  }
  if (!search) return;
  const rerank = quick.checked ? { budgetMs: QUICK_MS } : 'all';
  let shown = false;
  try {
    for await (const result of search.stream(text, {
      ...{ trace: true, typing, rerank, signal: controller.signal },
    })) {
      render(result, shown);
      shown = true;
      status.textContent = result.final ? summary(result) : SO_FAR[result.stage](result);
      if (result.final) showNotice(result.reason ? explain(result.stage, result.reason.message) : '');
    }
  } catch (error) {
    if (!controller.signal.aborted) showNotice(`The search failed. ${messageOf(error)}`);
  }
}

function render(result: QueryResult, animate: boolean): void {
  outcome.hidden = false;
  outcome.dataset.stage = result.stage;
  outcome.dataset.final = String(result.final);
  results.show(result.hits, animate);
  trace.show(result);
  stages.replaceChildren(...timingList(result.timings));
  corrected.textContent = corrections(result.terms);
}

function summary({ hits, stage, timings, counts, rerank }: QueryResult): string {
  if (hits.length === 0) return 'No article was found.';
  const part = rerank.why === 'budget' ? ` of ${count(counts.candidates)}` : '';
  const how = {
    lexical: 'by their words',
    hybrid: 'by words and meaning',
    reranked: `after reading ${count(counts.reranked)}${part} passages together with your question`,
  }[stage];
  return `${count(hits.length)} ${hits.length === 1 ? 'article' : 'articles'} ${how}, ${duration(timings.total)}.`;
}

/** What misspelt words were taken for. */
function corrections(terms: readonly Term[]): string {
  const taken = terms.filter(({ kind, matched }) => kind === 'typo' && matched.length > 0);
  return taken.map(({ text, matched }) => `“${text}” was read as “${matched.join('”, “')}”.`).join(' ');
}

function explain(stage: Stage, message: string): string {
  const order =
    stage === 'lexical'
      ? 'The order is by the words they share with your question'
      : 'The order is the retriever’s';
  return `${order}, because a model is missing. ${message}`;
}

function timingList({ waiting, lexical, embedQuery, retrieve, rerank }: Timings): HTMLLIElement[] {
  const named: [string, number][] = [
    ['waiting for models', waiting],
    ['words found', lexical],
    ['question embedded', embedQuery],
    ['retrieved', retrieve],
    ['reranked', rerank],
  ];
  return named
    .filter(([, time]) => time > 0)
    .map(([name, time]) => make('li', '', `${name} `, make('b', '', duration(time))));
}

async function showStats(search: Search, offline: string): Promise<void> {
  const { documents, passages, runtime, memoryBytes } = await search.stats();
  const memory = memoryBytes.reduce((total, bytes) => total + bytes, 0);
  const workers = `${count(memoryBytes.length)} ${memoryBytes.length === 1 ? 'worker' : 'workers'}`;
  const holding = `${count(documents)} articles in ${count(passages)} passages`;
  stats.textContent = `${holding}; ${workers}, ${megabytes(memory)} of memory, ${runtime === 'relaxed' ? 'relaxed SIMD' : 'SIMD'}. ${offline}`;
}

async function start(): Promise<void> {
  status.textContent = 'Getting the models ready.';
  const center = await openHelpCenter(progress.onProgress, (reason) =>
    showNotice(`The index could not be kept for the next visit. ${reason}`),
  );
  search = center.search;
  // What was typed while the engine was starting.
  if (input.value.trim()) submit();
  await center.indexed;
  await search.ready();
  progress.hide();
  document.documentElement.dataset.ready = center.restored ? 'restored' : 'indexed';
  const { models } = await search.stats();
  if (models.reranker === 'failed')
    showNotice('The cross-encoder could not be loaded, so the order is the retriever’s.');
  if (input.value.trim() && !center.restored) submit();
  else if (!input.value.trim()) status.textContent = 'Ready.';
  const offline = await enableOffline().then(
    () => 'Works with the network off.',
    (error: unknown) => `Needs the network to open: ${messageOf(error)}`,
  );
  await showStats(center.search, offline);
  document.documentElement.dataset.offline = 'settled';
}

function listen(): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  input.addEventListener('input', () => {
    clearTimeout(pause);
    pause = setTimeout(() => submit(true), TYPING_PAUSE_MS);
  });
  quick.addEventListener('change', () => submit());
  document.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (event.key === '/' && document.activeElement !== input) {
      event.preventDefault();
      input.select();
      input.focus();
    } else if (event.key === 'Escape') {
      setQuery('');
      input.focus();
    } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && inSearch(event.target)) {
      const step = event.key === 'ArrowDown' ? 1 : -1;
      if (results.focusNext(step)) event.preventDefault();
      else if (step < 0) input.focus();
    }
  });
  byId('examples', HTMLUListElement).append(
    ...EXAMPLES.map((text) => {
      const button = make('button', '', text);
      button.type = 'button';
      button.addEventListener('click', () => setQuery(text));
      return make('li', '', button);
    }),
  );
}

/** Arrows scroll everywhere else. */
function inSearch(target: EventTarget | null): boolean {
  return target instanceof Element && (target === input || target.closest('#hits') !== null);
}

listen();
input.value = new URL(location.href).searchParams.get('q') ?? '';
start().catch((error: unknown) => {
  progress.hide();
  status.textContent = '';
  showNotice(`The search could not be started. ${messageOf(error)}`);
});
