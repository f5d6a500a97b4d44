/** The element's own tree: made once for each mode and language, then only filled in. */
import { Announcer } from './announcer.js';
import { icon, key, make, setAttribute } from './dom.js';
import { ariaKeyShortcuts, type Hotkey, keyLabels } from './hotkeys.js';
import type { ChosenLanguage } from './languages/index.js';

export interface View {
  root: HTMLElement;
  /** What is opened and closed: the dialog, or the panel below an inline search box. */
  box: HTMLDialogElement | HTMLElement;
  trigger: HTMLButtonElement | undefined;
  input: HTMLInputElement;
  clear: HTMLButtonElement;
  close: HTMLButtonElement | undefined;
  bar: HTMLProgressElement;
  list: HTMLElement;
  recentHeader: HTMLElement;
  clearRecent: HTMLButtonElement;
  /** What is said in place of a list. */
  message: HTMLElement;
  status: HTMLElement;
  announcer: Announcer;
}

export interface ViewOptions {
  mode: 'modal' | 'inline';
  language: ChosenLanguage;
  placeholder: string;
  hotkeys: readonly Hotkey[];
  apple: boolean;
}

export function makeView({ mode, language, placeholder, hotkeys, apple }: ViewOptions): View {
  const { strings, tag, direction } = language;
  const announcer = new Announcer();
  const shortcuts = hotkeys.length > 0 ? ariaKeyShortcuts(hotkeys, apple) : undefined;
  const hint = hotkeys.find(({ mod }) => mod) ?? hotkeys[0];
  const keys = () =>
    hint
      ? [make('span', { class: 'keys', part: 'keys' }, ...keyLabels(hint, apple).map((label) => key(label)))]
      : [];

  const input = make('input', {
    part: 'input',
    type: 'text',
    role: 'combobox',
    'aria-label': strings.search,
    'aria-describedby': 'help',
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
    'aria-controls': 'list',
    'aria-keyshortcuts': mode === 'inline' && shortcuts,
    placeholder,
    autocomplete: 'off',
    autocorrect: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    enterkeyhint: 'go',
    maxlength: '512',
  });
  const button = (part: string, label: string | undefined, ...content: (Node | string)[]) =>
    make('button', { part, class: part, type: 'button', 'aria-label': label }, ...content);
  const clear = button('clear', strings.clear, icon('clear'));
  setAttribute(clear, 'hidden', true);
  const close =
    mode === 'modal'
      ? button('close', undefined, key('Esc'), make('span', { class: 'word hidden' }, strings.close))
      : undefined;

  const list = make('div', {
    id: 'list',
    class: 'list',
    part: 'list',
    role: 'listbox',
    'aria-label': strings.results,
    tabindex: '-1',
    hidden: true,
  });
  const clearRecent = make(
    'button',
    { part: 'clear-recent', class: 'link', type: 'button' },
    strings.clearRecent,
  );
  const recentHeader = make(
    'div',
    { class: 'recent-header', part: 'recent-header', hidden: true },
    make('span', {}, strings.recent),
    clearRecent,
  );
  const message = make('div', { class: 'message', part: 'message', hidden: true });
  const bar = make('progress', {
    class: 'bar',
    part: 'progress',
    'aria-label': strings.downloading,
    hidden: true,
  });
  const status = make('span', { class: 'status', part: 'status' });
  const field = make(
    'div',
    { class: 'field', part: 'field' },
    icon('search'),
    input,
    clear,
    ...(mode === 'inline' ? keys() : []),
    close,
  );
  const panel = [
    make('div', { class: 'start' }, make('slot', { name: 'start' })),
    recentHeader,
    list,
    message,
    make(
      'div',
      { class: 'footer', part: 'footer' },
      hints(language),
      status,
      make('slot', { name: 'footer' }),
    ),
  ];
  const said = [make('div', { id: 'help', class: 'hidden' }, strings.help), ...announcer.elements];

  const root = make('div', { class: `root ${mode}`, part: 'root', lang: tag, dir: direction });
  const parts = {
    ...{ root, input, clear, close, bar, list },
    ...{ recentHeader, clearRecent, message, status, announcer },
  };
  if (mode === 'modal') {
    const trigger = make(
      'button',
      {
        part: 'trigger',
        class: 'trigger',
        type: 'button',
        'aria-haspopup': 'dialog',
        'aria-keyshortcuts': shortcuts,
      },
      icon('search'),
      make('span', { class: 'label' }, make('slot', { name: 'label' }, strings.search)),
      ...keys(),
    );
    const dialog = make(
      'dialog',
      { part: 'dialog', class: 'box', 'aria-label': strings.search },
      make('div', { class: 'column' }, make('div', { role: 'search' }, field), bar, ...panel, ...said),
    );
    root.append(trigger, dialog);
    return { ...parts, box: dialog, trigger };
  }
  const box = make('div', { part: 'panel', class: 'box', hidden: true }, bar, ...panel);
  root.append(make('div', { role: 'search' }, field), box, ...said);
  return { ...parts, box, trigger: undefined };
}

/** What the keys do, for those who see them. */
function hints({ strings }: ChosenLanguage): HTMLElement {
  const hint = (text: string, ...keys: HTMLElement[]) => make('span', {}, ...keys, ' ', text);
  return make(
    'span',
    { class: 'hints', part: 'hints', 'aria-hidden': 'true' },
    hint(strings.toOpen, key(icon('open'))),
    hint(strings.toNavigate, key(icon('up')), key(icon('down'))),
    hint(strings.toClose, key('Esc')),
  );
}
