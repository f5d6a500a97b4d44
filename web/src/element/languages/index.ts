/** Which language the interface speaks, and how its sentences are filled in. */
import { en } from './en.js';
import type { Language, Plural, Strings } from './strings.js';

/** The languages there are, by BCP 47 tag. */
export const TAGS: readonly string[] = 'ar cs de en es fr he it ja ko nl pl pt ru sv tr uk zh zh-Hant'.split(
  ' ',
);

const loaded: Record<string, Language> = { en };

export interface ChosenLanguage {
  tag: string;
  direction: 'ltr' | 'rtl';
  strings: Strings;
}

/** The first of the tags that there is a translation for, as its tag here; English otherwise. */
export function chooseTag(tags: readonly (string | null | undefined)[]): string {
  for (const tag of tags) {
    const found = tag ? translationOf(tag) : undefined;
    if (found) return found;
  }
  return 'en';
}

/** The language of a tag of `TAGS`, or `undefined` before its translation has been loaded. */
export function languageOf(tag: string): ChosenLanguage | undefined {
  const language = loaded[tag];
  return language && { tag, direction: language.direction ?? 'ltr', strings: language.strings };
}

/** Fetches the translations. Where they cannot be had, the interface speaks English. */
export async function loadTranslations(): Promise<void> {
  try {
    Object.assign(loaded, (await import('./translations.js')).TRANSLATIONS);
  } catch {
    for (const tag of TAGS) loaded[tag] ??= en;
  }
}

/** `de-AT` is served by `de`; Chinese of Taiwan, Hong Kong and Macau by the traditional script. */
function translationOf(tag: string): string | undefined {
  let locale: Intl.Locale;
  try {
    locale = new Intl.Locale(tag).maximize();
  } catch {
    return undefined;
  }
  return [`${locale.language}-${locale.script}`, locale.language].find((key) => TAGS.includes(key));
}

/** Puts values into the places that are named in braces. */
export function fill(text: string, values: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}

/** The plural form that belongs to a number, with the number in it. */
export function counted(forms: Plural, count: number, tag: string): string {
  const form = forms[new Intl.PluralRules(tag).select(count)] ?? forms.other;
  return fill(form, { count: new Intl.NumberFormat(tag).format(count) });
}
