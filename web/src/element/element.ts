/** `<docsift-search>`: attributes, opening and closing, and what a page may ask of the element. */
import { DocsiftError } from '../errors.js';
import { SearchBox } from './box.js';
import { lastStage, openSearch } from './engine.js';
import { belongsToField, fieldOf, isApple, pressedHotkey } from './hotkeys.js';
import { chooseTag, languageOf, loadTranslations } from './languages/index.js';
import type { Strings } from './languages/strings.js';
import { pageStore, RecentSearches } from './recent.js';
import { ATTRIBUTES, checkStrings, readSettings, type Settings } from './settings.js';
import { adoptStyles } from './styles.js';
import type { ElementHit, OpenedSearch, SearchLike } from './types.js';
import { makeView, type View } from './view.js';

/** Details of the event `docsift:select`. Cancel it to go there in your own way. */
export interface SelectDetail {
  query: string;
  hit: ElementHit;
  /** Absent where the document has no address that may be followed. */
  href: string | undefined;
  newTab: boolean;
}

/** On a server there are no elements: the class can be imported there, and is not registered. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

const RECENT_KEY = 'docsift-recent';
/** Where the browser does not tell when it is idle. */
const IDLE_MS = 1000;

export class DocsiftSearchElement extends Base {
  static readonly observedAttributes: readonly string[] = ATTRIBUTES;

  #settings: Settings | undefined;
  #view: View | undefined;
  #box: SearchBox | undefined;
  #search: SearchLike | (() => Promise<SearchLike>) | undefined;
  #strings: Partial<Strings> = {};
  #building = false;
  /** What the page's own scrolling was before the dialog held it. */
  #scrolling: { overflow: string; gutter: string } | undefined;
  readonly #apple = isApple(globalThis.navigator);

  constructor() {
    super();
    adoptStyles(this.attachShadow({ mode: 'open' }));
  }

  /** A search of the page's own in place of the one that the attributes describe, or a function that starts it. */
  get search(): SearchLike | (() => Promise<SearchLike>) | undefined {
    return this.#search;
  }

  set search(search: SearchLike | (() => Promise<SearchLike>) | undefined) {
    this.#search = search;
    this.#rebuild();
  }

  /** Words of the interface in place of those of its language. */
  get strings(): Partial<Strings> {
    return this.#strings;
  }

  set strings(strings: Partial<Strings>) {
    this.#strings = checkStrings(strings);
    this.#rebuild();
  }

  get isOpen(): boolean {
    const box = this.#view?.box;
    return box instanceof HTMLDialogElement ? box.open : box !== undefined && !box.hidden;
  }

  /** Opens the dialog, or puts the focus into the inline field; with `query`, asks it. */
  open(query?: string): void {
    const view = this.#view;
    if (!view) return;
    if (view.box instanceof HTMLDialogElement && !view.box.open) {
      view.box.showModal();
      this.#holdPage();
      this.#tell('docsift:open');
    }
    view.input.focus();
    view.input.select();
    this.#box?.load();
    if (query === undefined) this.#box?.refresh();
    else this.#box?.ask(query);
  }

  /** Closes the dialog, or the panel of the inline field. What was typed stays. */
  close(): void {
    const box = this.#view?.box;
    if (!(box instanceof HTMLDialogElement)) {
      if (box) this.#showPanel(false);
      return;
    }
    box.close();
    this.#closed();
  }

  override focus(options?: FocusOptions): void {
    (this.#view?.trigger ?? this.#view?.input)?.focus(options);
  }

  /** @internal */
  connectedCallback(): void {
    this.#build();
    document.addEventListener('keydown', this.#onHotkey);
  }

  /** @internal */
  disconnectedCallback(): void {
    document.removeEventListener('keydown', this.#onHotkey);
    this.#tearDown();
  }

  /** @internal */
  attributeChangedCallback(name: string): void {
    if (name !== 'theme') this.#rebuild();
  }

  /** Attributes are often set one after the other: what they make is made once. */
  #rebuild(): void {
    if (this.#building || !this.#view) return;
    this.#building = true;
    queueMicrotask(() => {
      this.#building = false;
      if (!this.isConnected) return;
      this.#tearDown();
      this.#build();
    });
  }

  #tearDown(): void {
    this.close();
    this.#box?.stop();
    this.#box = undefined;
    this.#view?.root.remove();
    this.#view = undefined;
  }

  #build(): void {
    if (this.#view || !this.isConnected) return;
    const around = this.closest('[lang]')?.getAttribute('lang') ?? document.documentElement.lang;
    const chosen = languageOf(chooseTag([around, navigator.language]));
    if (!chosen) {
      loadTranslations().then(() => this.#build());
      return;
    }
    const { settings, problem } = this.#readSettings();
    this.#settings = settings;
    const language = { ...chosen, strings: { ...chosen.strings, ...settings.strings, ...this.#strings } };
    const { mode, hotkeys, recent } = settings;
    const placeholder = settings.placeholder ?? language.strings.placeholder;
    const view = makeView({ mode, language, placeholder, hotkeys, apple: this.#apple });
    this.#view = view;
    this.#box = new SearchBox({
      view,
      language,
      recent: new RecentSearches(recent > 0 ? pageStore() : undefined, RECENT_KEY, recent),
      baseUrl: () => new URL(settings.baseUrl ?? '', document.baseURI).href,
      query: {
        limit: settings.limit,
        rerank: lastStage(settings.engine) === 'reranked' && { budgetMs: settings.rerankBudget },
        ...(settings.minScore !== undefined && { minScore: settings.minScore }),
      },
      onlyWords: lastStage(settings.engine) === 'lexical',
      openSearch: (onProgress) => (problem ? Promise.reject(problem) : this.#openSearch(onProgress)),
      onSelect: ({ hit, href }, newTab) => this.#select({ hit, href, newTab, query: this.#box?.text ?? '' }),
      onError: (error) => this.#tell('docsift:error', error),
      onState: () => this.#stateChanged(),
    });
    this.#listen(view);
    this.shadowRoot?.append(view.root);
    this.#box.refresh();
    if (settings.preload === 'idle' && lastStage(settings.engine) !== 'lexical')
      this.#loadWhenIdle(this.#box);
  }

  #loadWhenIdle(box: SearchBox): void {
    const load = () => box === this.#box && box.load();
    if ('requestIdleCallback' in globalThis) requestIdleCallback(load);
    else setTimeout(load, IDLE_MS);
  }

  /** With attributes that cannot be used, the element is there all the same, and says what is wrong when it is opened. */
  #readSettings(): { settings: Settings; problem?: DocsiftError } {
    try {
      return { settings: readSettings((name) => this.getAttribute(name)) };
    } catch (error) {
      return { settings: readSettings(() => null), problem: DocsiftError.from(error) };
    }
  }

  async #openSearch(onProgress: Parameters<typeof openSearch>[1]): Promise<OpenedSearch> {
    const own = this.#search;
    if (own === undefined) {
      const opened = await openSearch((this.#settings as Settings).engine, onProgress);
      opened.kept?.then(
        () => this.#tell('docsift:offline'),
        (error) => this.#tell('docsift:error', DocsiftError.from(error)),
      );
      return opened;
    }
    return { search: typeof own === 'function' ? await own() : own };
  }

  #listen({ box, trigger, input, close }: View): void {
    trigger?.addEventListener('click', () => this.open());
    close?.addEventListener('click', () => this.close());
    // Told a task later, when another dialog may be there, or this one be open again.
    box.addEventListener('close', () => this.#closed());
    // What is inside fills the dialog, so that only a press beside it is on the dialog itself.
    box.addEventListener('mousedown', (event) => {
      if (event.target === box && box instanceof HTMLDialogElement) this.close();
    });
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.isComposing) return;
      event.preventDefault();
      // The page may close something of its own by the same key.
      event.stopPropagation();
      if (box instanceof HTMLDialogElement || !box.hidden) this.close();
      else this.#box?.ask('');
    });
    if (box instanceof HTMLDialogElement) return;
    input.addEventListener('focus', () => {
      this.#box?.load();
      this.#box?.refresh();
      this.#showPanel(true);
    });
    input.addEventListener('input', () => this.#showPanel(true));
    input.addEventListener('mousedown', () => this.#showPanel(true));
    this.shadowRoot?.addEventListener('focusout', (event) => {
      const to = (event as FocusEvent).relatedTarget as Node | null;
      if (!to || !this.contains(to)) {
        if (!to || !this.shadowRoot?.contains(to)) this.#showPanel(false);
      }
    });
  }

  #stateChanged(): void {
    const view = this.#view;
    if (!view) return;
    if (!(view.box instanceof HTMLDialogElement) && this.shadowRoot?.activeElement) this.#showPanel(true);
    this.#expand();
  }

  /** Inline only. An empty field opens nothing but what there is to choose from. */
  #showPanel(wanted: boolean): void {
    const view = this.#view;
    if (!view || view.box instanceof HTMLDialogElement) return;
    const empty = this.#box?.state === 'start' && view.list.hidden && !this.querySelector('[slot="start"]');
    const show = wanted && !empty;
    if (show !== view.box.hidden) return;
    view.box.hidden = !show;
    if (!show) this.#box?.stop();
    this.#expand();
    this.#tell(show ? 'docsift:open' : 'docsift:close');
  }

  #tell(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #expand(): void {
    const view = this.#view;
    const expanded =
      view !== undefined && !view.list.hidden && (view.box instanceof HTMLDialogElement || !view.box.hidden);
    view?.input.setAttribute('aria-expanded', String(expanded));
  }

  #select(detail: SelectDetail): boolean {
    const event = new CustomEvent('docsift:select', {
      detail,
      bubbles: true,
      composed: true,
      cancelable: true,
    });
    const follow = this.dispatchEvent(event);
    if (!detail.newTab) this.close();
    return follow;
  }

  readonly #onHotkey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    const hotkey = pressedHotkey(event, this.#settings?.hotkeys ?? [], this.#apple);
    if (!hotkey) return;
    const [target] = event.composedPath();
    const own = target === this.#view?.input;
    if (!own && belongsToField(hotkey, fieldOf(target))) return;
    // In its own field a sign is typed, and a combination closes what it has opened.
    if (own && !hotkey.mod && !hotkey.ctrl) return;
    event.preventDefault();
    if (own && this.isOpen) this.close();
    else this.open();
  };

  /** The dialog has been closed, by `close` or by the browser. */
  #closed(): void {
    if (this.isOpen || !this.#scrolling) return;
    this.#releasePage();
    this.#box?.stop();
    this.#tell('docsift:close');
  }

  /** The page behind the dialog does not scroll; its scrollbar leaves a gap of its own width, so that nothing moves. */
  #holdPage(): void {
    const { style } = document.documentElement;
    this.#scrolling = { overflow: style.overflow, gutter: style.scrollbarGutter };
    if (document.documentElement.clientWidth < innerWidth) style.scrollbarGutter = 'stable';
    style.overflow = 'hidden';
  }

  #releasePage(): void {
    if (!this.#scrolling) return;
    const { style } = document.documentElement;
    style.overflow = this.#scrolling.overflow;
    style.scrollbarGutter = this.#scrolling.gutter;
    this.#scrolling = undefined;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'docsift-search': DocsiftSearchElement;
  }
}
