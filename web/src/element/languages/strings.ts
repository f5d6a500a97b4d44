/** The words of the interface. */

/** One form for each plural category that the language has, as `Intl.PluralRules` names them. */
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

export interface Strings {
  /** Name of the button and of the dialog. */
  search: string;
  placeholder: string;
  close: string;
  clear: string;
  /** Name of the list. */
  results: string;
  /** `{count}` documents were found. */
  found: Plural;
  /** Nothing was found for `{query}`. */
  none: string;
  /** Documents were found, but none is likely to answer `{query}`. */
  unanswered: string;
  /** What to do then, and where nothing was found. */
  noneAdvice: string;
  recent: string;
  clearRecent: string;
  /** How to remove one of them: told to screen readers. */
  recentHelp: string;
  failed: string;
  retry: string;
  /** The order rests on fewer stages than it should. */
  degraded: string;
  loading: string;
  /** Models are being downloaded. */
  downloading: string;
  /** Articles are being read into the search. */
  indexing: string;
  /** A better order is being worked out. */
  improving: string;
  /** After the pictures of the keys: Enter, arrows, Escape. */
  toOpen: string;
  toNavigate: string;
  toClose: string;
  /** How the keys work: told to screen readers. */
  help: string;
}

export interface Language {
  direction?: 'rtl';
  strings: Strings;
}
