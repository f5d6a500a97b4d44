/** Keys that open the search from anywhere in the page. Pure, but for what events are asked. */
import { DocsiftError } from '../errors.js';

/** One key with its modifiers. */
export interface Hotkey {
  /** As in `KeyboardEvent.key`, in lower case. */
  key: string;
  /** Command on Apple's systems, Control elsewhere. */
  mod: boolean;
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
}

type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

const MODIFIERS = ['mod', 'ctrl', 'alt', 'shift'] as const;

/** Reads `"/ mod+k"`: keys separated by spaces. `"none"` and the empty string mean none. */
export function parseHotkeys(text: string): Hotkey[] {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === '' || trimmed === 'none') return [];
  return trimmed.split(/\s+/).map((combination) => {
    const parts = combination === '+' ? ['+'] : combination.split('+');
    const key = parts.pop() as string;
    const unknown = parts.filter((part) => !(MODIFIERS as readonly string[]).includes(part));
    if (key === '' || unknown.length > 0) {
      throw new DocsiftError(
        'invalid_options',
        `hotkeys: expected keys such as "/ mod+k", with the modifiers ${MODIFIERS.join(', ')}; found "${combination}"`,
      );
    }
    const [mod, ctrl, alt, shift] = MODIFIERS.map((name) => parts.includes(name)) as boolean[];
    return { key, mod, ctrl, alt, shift } as Hotkey;
  });
}

/** Which of the keys was pressed. */
export function pressedHotkey(
  event: KeyPress,
  hotkeys: readonly Hotkey[],
  apple: boolean,
): Hotkey | undefined {
  return hotkeys.find(({ key, mod, ctrl, alt, shift }) => {
    if (event.key.toLowerCase() !== key) return false;
    if (event.metaKey !== (mod && apple)) return false;
    if (event.ctrlKey !== (ctrl || (mod && !apple))) return false;
    // A sign such as "/" may need Shift or Alt on the keyboard at hand: only letters and named keys say which.
    const written = key.length === 1 && !/\p{L}/u.test(key);
    return written || (event.altKey === alt && event.shiftKey === shift);
  });
}

/** Whether the key belongs to what has the focus: a sign to anything that takes text, a combination to an editor. */
export function belongsToField(hotkey: Hotkey, field: 'none' | 'input' | 'editor'): boolean {
  if (field === 'none') return false;
  return field === 'editor' || !(hotkey.mod || hotkey.ctrl);
}

/** Inputs that take no text. */
const NO_TEXT = /^(button|checkbox|color|file|image|radio|range|reset|submit)$/;

/** What kind of field an event comes from. */
export function fieldOf(target: EventTarget | null | undefined): 'none' | 'input' | 'editor' {
  if (!(target instanceof Element)) return 'none';
  if ((target as HTMLElement).isContentEditable) return 'editor';
  if (target instanceof HTMLInputElement) return NO_TEXT.test(target.type) ? 'none' : 'input';
  if (target.matches('textarea, select')) return 'input';
  return target.closest('[role="textbox"], [role="searchbox"]') ? 'editor' : 'none';
}

/** What is printed on the keys. */
export function keyLabels({ key, mod, ctrl, alt, shift }: Hotkey, apple: boolean): string[] {
  return [
    ...(mod ? [apple ? '⌘' : 'Ctrl'] : []),
    ...(ctrl ? ['Ctrl'] : []),
    ...(alt ? [apple ? '⌥' : 'Alt'] : []),
    ...(shift ? [apple ? '⇧' : 'Shift'] : []),
    key.length === 1 ? key.toUpperCase() : key.charAt(0).toUpperCase() + key.slice(1),
  ];
}

/** The value of `aria-keyshortcuts`. */
export function ariaKeyShortcuts(hotkeys: readonly Hotkey[], apple: boolean): string {
  return hotkeys
    .map(({ key, mod, ctrl, alt, shift }) =>
      [
        ...(mod ? [apple ? 'Meta' : 'Control'] : []),
        ...(ctrl ? ['Control'] : []),
        ...(alt ? ['Alt'] : []),
        ...(shift ? ['Shift'] : []),
        key.length === 1 ? key.toUpperCase() : key.charAt(0).toUpperCase() + key.slice(1),
      ].join('+'),
    )
    .join(' ');
}

/** Whether this is an Apple system, whose shortcuts are on the Command key. */
export function isApple(navigator: { platform?: string; userAgent?: string } | undefined): boolean {
  return /mac|iphone|ipad|ipod/i.test(navigator?.platform || navigator?.userAgent || '');
}
