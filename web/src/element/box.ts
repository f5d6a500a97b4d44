/** The search box: what is typed becomes questions, answers become options, keys and pointer choose among them. */
import { DocsiftError } from '../errors.js';
import type { Progress } from '../options.js';
import { Asker } from './ask.js';
import { icon, make } from './dom.js';
import { type ChosenLanguage, counted, fill } from './languages/index.js';
import { amountsOf, ProgressSum } from './progress.js';
import type { RecentSearches } from './recent.js';
import { type Choice, ResultList } from './results.js';
import type { ElementQuery, ElementResult, OpenedSearch } from './types.js';
import type { View } from './view.js';

/** What is seen in the panel. `unanswered`: documents were found, and none is likely enough to answer. */
export type PanelState = 'start' | 'waiting' | 'results' | 'none' | 'unanswered' | 'error';

export interface BoxOptions {
  view: View;
  language: ChosenLanguage;
  recent: RecentSearches;
  baseUrl: () => string | undefined;
  query: Pick<ElementQuery, 'limit' | 'rerank' | 'minScore'>;
  /** Whether the first stage is all that is wanted. */
  onlyWords: boolean;
  /** Starts the search, or joins the one that is there. */
  openSearch: (onProgress: (progress: Progress) => void) => Promise<OpenedSearch>;
  /** Asked to open a hit; resolves to whether the browser may follow its link. */
  onSelect: (choice: Exclude<Choice, { recent: string }>, newTab: boolean) => boolean;
  onError: (error: DocsiftError) => void;
  onState: (state: PanelState) => void;
}

export class SearchBox {
  readonly #options: BoxOptions;
  readonly #view: View;
  readonly #list: ResultList;
  readonly #asker = new Asker();
  readonly #progress = new ProgressSum();
  #opened: Promise<OpenedSearch> | undefined;
  /** Documents are still being added: what is not found may yet be. */
  #filling = false;
  #state: PanelState = 'start';
  /** The question that the list answers, and its last answer. */
  #answered: { text: string; result: ElementResult } | undefined;
  #improving = false;
  #failure: unknown;
  #chosenBy: 'key' | 'pointer' = 'key';

  constructor(options: BoxOptions) {
    this.#options = options;
    this.#view = options.view;
    this.#list = new ResultList(options.view.list, options.baseUrl);
    this.#listen();
  }

  get state(): PanelState {
    return this.#state;
  }

  /** What is asked, without white space around it. */
  get text(): string {
    return this.#view.input.value.trim();
  }

  /** Gets the search ready; what is typed meanwhile is answered then. */
  load(): void {
    if (this.#opened) return;
    const opened = this.#options.openSearch((progress) => {
      this.#progress.add(progress);
      this.#showStatus();
    });
    this.#opened = opened;
    opened.then(
      ({ complete }) => {
        if (this.#opened !== opened || !complete) return;
        this.#filling = true;
        const filled = () => {
          this.#filling = false;
          if (this.text !== '') this.#ask(this.text, false);
        };
        complete.then(filled, filled);
      },
      () => {},
    );
    // Whoever asks hears of a failure; without a question it is told here.
    opened.catch((error) => {
      if (this.#opened === opened && this.text === '') this.#fail(error);
    });
  }

  /** Puts a question into the field and asks it. */
  ask(text: string): void {
    this.#view.input.value = text;
    this.#changed(false);
  }

  /** Shows what there is to see for what is in the field; an answer that was broken off goes on. */
  refresh(): void {
    this.#view.clear.hidden = this.#view.input.value === '';
    const last = this.#answered?.text === this.text && this.#answered.result.final;
    if (this.#state === 'error') return;
    if (this.text === '') this.#start();
    else if (!last) this.#ask(this.text, false);
  }

  /** Ends what is being worked on; what is shown stays. */
  stop(): void {
    this.#asker.stop();
    this.#improving = false;
    this.#view.announcer.stop();
    this.#list.activate(undefined);
    this.#list.release();
    this.#pointAt(undefined);
    this.#showStatus();
  }

  #listen(): void {
    const { input, clear, clearRecent, list } = this.#view;
    input.addEventListener('input', () => this.#changed(true));
    input.addEventListener('keydown', (event) => this.#pressed(event));
    clear.addEventListener('click', () => {
      this.ask('');
      input.focus();
    });
    clearRecent.addEventListener('click', () => {
      this.#options.recent.clear();
      this.#start();
      input.focus();
    });
    const optionOf = (event: Event) =>
      (event.target as Element | null)?.closest<HTMLElement>('[role="option"]') ?? undefined;
    const point = (event: PointerEvent) => {
      const option = optionOf(event);
      if (event.type === 'pointermove' && event.movementX === 0 && event.movementY === 0) return;
      if (option && option !== this.#list.active) this.#choose(option, 'pointer');
      else if (option) this.#list.activate(option, true);
    };
    // A list that comes up below a resting pointer is not pointed at: only a movement is meant.
    list.addEventListener('pointermove', point);
    list.addEventListener('pointerdown', point);
    list.addEventListener('pointerleave', ({ pointerType }) => {
      // A finger that is lifted has not gone away.
      if (pointerType === 'mouse' && this.#chosenBy === 'pointer') this.#choose(undefined, 'pointer');
    });
    // The field keeps the focus.
    list.addEventListener('mousedown', (event) => event.preventDefault());
    list.addEventListener('click', (event) => {
      const option = optionOf(event);
      if (!option) return;
      const removing = (event.target as Element).closest('.remove') !== null;
      const newTab = event.ctrlKey || event.metaKey || event.shiftKey;
      if (removing) this.#forget(option);
      else if (!this.#take(option, newTab)) event.preventDefault();
    });
  }

  #changed(typing: boolean): void {
    const text = this.text;
    this.#view.clear.hidden = this.#view.input.value === '';
    if (text === '') {
      this.#asker.stop();
      this.#improving = false;
      this.#start();
      return;
    }
    this.#list.release();
    this.#choose(undefined, 'key');
    this.#ask(text, typing);
  }

  async #ask(text: string, typing: boolean): Promise<void> {
    this.#asker.stop();
    this.load();
    if (this.#answered === undefined) this.#show('waiting');
    let opened: OpenedSearch;
    try {
      opened = await (this.#opened as Promise<OpenedSearch>);
    } catch (error) {
      if (text === this.text) this.#fail(error);
      return;
    }
    // A newer question has come while the search was being opened.
    if (text !== this.text) return;
    const { query, onlyWords } = this.#options;
    this.#improving = true;
    this.#showStatus();
    await this.#asker.ask(
      opened.search,
      text,
      { ...query, typing },
      {
        onResult: (result) => this.#answer(text, onlyWords ? { ...result, final: true } : result),
        onEnd: () => this.#end(),
        onError: (error) => this.#fail(error),
      },
      onlyWords,
    );
  }

  #answer(text: string, result: ElementResult): void {
    const again = this.#answered?.text === text && this.#state === 'results';
    this.#improving = !result.final;
    // Nothing is found yet, or nothing likely enough; until that is known, what was found before stays.
    if (result.hits.length === 0 && !result.final) {
      if (this.#state !== 'results') this.#show('waiting');
      return;
    }
    this.#answered = { text, result };
    if (again) this.#list.improve(result);
    else {
      this.#list.replace(result);
      this.#view.list.scrollTop = 0;
      if (result.hits.length > 0) this.#announceCount(result);
    }
    this.#pointAt(this.#list.active);
    if (this.#list.options.length > 0) this.#show('results');
    else if (result.final) this.#end();
  }

  #end(): void {
    this.#improving = false;
    const answered = this.#answered;
    if (answered && answered.result.hits.length === 0) {
      this.#list.clear();
      if (this.#filling) this.#show('waiting');
      else {
        const state = answered.result.counts?.belowMinScore ? 'unanswered' : 'none';
        this.#show(state, answered.text);
        this.#view.announcer.say(fill(this.#options.language.strings[state], { query: answered.text }));
      }
    }
    this.#showStatus();
  }

  #announceCount({ hits }: ElementResult): void {
    const { strings, tag } = this.#options.language;
    this.#view.announcer.say(counted(strings.found, hits.length, tag));
  }

  #fail(thrown: unknown): void {
    const error = DocsiftError.from(thrown);
    this.#improving = false;
    this.#list.clear();
    this.#answered = undefined;
    this.#pointAt(undefined);
    this.#show('error', error.message);
    // Every letter that is typed meets the same failure; it is told once.
    if (thrown === this.#failure) return;
    this.#failure = thrown;
    this.#view.announcer.say(this.#options.language.strings.failed);
    this.#options.onError(error);
  }

  /** Nothing is asked: recent searches, or what the page has put there. */
  #start(): void {
    const { recent, language } = this.#options;
    const texts = recent.list();
    this.#answered = undefined;
    this.#view.announcer.stop();
    this.#list.showRecent(texts, language.strings.clear);
    this.#pointAt(undefined);
    this.#show('start');
  }

  #show(state: PanelState, detail = ''): void {
    this.#state = state;
    const { root, list, message, recentHeader } = this.#view;
    const { strings } = this.#options.language;
    root.dataset.state = state;
    const options = this.#list.options.length > 0;
    list.hidden = !options;
    recentHeader.hidden = !(state === 'start' && options);
    list.setAttribute('aria-label', state === 'start' ? strings.recent : strings.results);
    const parts: (Node | string)[] = [];
    if (state === 'waiting' && !options) parts.push(make('p', { class: 'quiet' }, strings.loading));
    if (state === 'none' || state === 'unanswered') {
      parts.push(
        make('p', { class: 'headline' }, ...around(strings[state], detail)),
        make('p', { class: 'quiet' }, strings.noneAdvice),
      );
    }
    if (state === 'error') {
      const retry = make('button', { part: 'retry', class: 'retry', type: 'button' }, strings.retry);
      retry.addEventListener('click', () => this.#retry());
      parts.push(
        make('p', { class: 'headline' }, icon('warning'), strings.failed),
        make('p', { class: 'quiet', lang: 'en', dir: 'ltr' }, detail),
        retry,
      );
    }
    message.replaceChildren(...parts);
    message.hidden = parts.length === 0;
    this.#showStatus();
    this.#options.onState(state);
  }

  #retry(): void {
    this.#view.input.focus();
    this.#opened = undefined;
    this.#failure = undefined;
    this.#show('waiting');
    if (this.text === '') {
      this.#start();
      this.load();
    } else this.#ask(this.text, false);
  }

  #showStatus(): void {
    const { bar, status, root } = this.#view;
    const { strings, tag } = this.#options.language;
    const pending = this.#progress.current();
    bar.hidden = pending === undefined;
    if (pending) {
      const label = pending.stage === 'download' ? strings.downloading : strings.indexing;
      bar.setAttribute('aria-label', label);
      if (pending.total > 0) {
        bar.max = pending.total;
        bar.value = Math.min(pending.loaded, pending.total);
      } else bar.removeAttribute('value');
      status.textContent = `${label} ${amountsOf(pending, tag)}`;
    } else if (this.#state === 'results' && this.#improving) status.textContent = strings.improving;
    else if (this.#answered?.result.reason && this.#state !== 'error') status.textContent = strings.degraded;
    else if (this.#state === 'results' && this.#answered) {
      status.textContent = counted(strings.found, this.#answered.result.hits.length, tag);
    } else status.textContent = '';
    root.toggleAttribute('data-improving', this.#improving && this.#state === 'results');
  }

  #pressed(event: KeyboardEvent): void {
    // Keys that an input method takes are its own.
    if (event.isComposing) return;
    const { options, active } = this.#list;
    const at = active ? options.indexOf(active) : -1;
    const go = (to: number) => {
      this.#choose(options[to], 'key');
      event.preventDefault();
    };
    if (event.key === 'Enter') {
      const option = active ?? (this.#answered?.text === this.text ? options[0] : undefined);
      event.preventDefault();
      if (option && (this.#state === 'results' || active)) this.#open(option, event.ctrlKey || event.metaKey);
    } else if (options.length === 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)
      return;
    else if (event.key === 'ArrowDown') go(at + 1 < options.length ? at + 1 : -1);
    else if (event.key === 'ArrowUp') go(at === -1 ? options.length - 1 : at - 1);
    else if (event.key === 'Home' && active) go(0);
    else if (event.key === 'End' && active) go(options.length - 1);
    else if (event.key === 'Delete' && active && this.#state === 'start') {
      this.#forget(active);
      event.preventDefault();
    }
  }

  #choose(option: HTMLElement | undefined, by: 'key' | 'pointer'): void {
    this.#chosenBy = by;
    this.#list.activate(option, true);
    if (!option) this.#list.release();
    else if (by === 'key') option.scrollIntoView({ block: 'nearest' });
    this.#pointAt(option);
  }

  /** Tells screen readers which option is chosen. */
  #pointAt(option: HTMLElement | undefined): void {
    const { input } = this.#view;
    if (option) input.setAttribute('aria-activedescendant', option.id);
    else input.removeAttribute('aria-activedescendant');
  }

  #open(option: HTMLElement, newTab: boolean): void {
    if (!newTab) option.click();
    else if (this.#take(option, true)) {
      window.open((option as HTMLAnchorElement).href, '_blank', 'noopener');
    }
  }

  /** Does what an option stands for; returns whether the browser may follow its link. */
  #take(option: HTMLElement, newTab: boolean): boolean {
    const choice = this.#list.choiceOf(option);
    if (!choice) return false;
    if ('recent' in choice) {
      this.ask(choice.recent);
      this.#view.input.focus();
      return false;
    }
    this.#options.recent.add(this.#answered?.text ?? this.text);
    return this.#options.onSelect(choice, newTab) && choice.href !== undefined;
  }

  #forget(option: HTMLElement): void {
    const choice = this.#list.choiceOf(option);
    if (!choice || !('recent' in choice)) return;
    this.#options.recent.remove(choice.recent);
    this.#start();
  }
}

/** A sentence with the question in it, set apart. */
function around(sentence: string, query: string): (Node | string)[] {
  const [before = '', after = ''] = sentence.split('{query}');
  return [before, make('bdi', { class: 'query' }, query), after];
}
