/** Every translation but English, in a file of its own that English pages never fetch (web/build.mjs). */
import { ar } from './ar.js';
import { cs } from './cs.js';
import { de } from './de.js';
import { es } from './es.js';
import { fr } from './fr.js';
import { he } from './he.js';
import { it } from './it.js';
import { ja } from './ja.js';
import { ko } from './ko.js';
import { nl } from './nl.js';
import { pl } from './pl.js';
import { pt } from './pt.js';
import { ru } from './ru.js';
import type { Language } from './strings.js';
import { sv } from './sv.js';
import { tr } from './tr.js';
import { uk } from './uk.js';
import { zh } from './zh.js';
import { zhHant } from './zh-Hant.js';

/** By BCP 47 tag. */
export const TRANSLATIONS: Record<string, Language> = {
  ar,
  cs,
  de,
  es,
  fr,
  he,
  it,
  ja,
  ko,
  nl,
  pl,
  pt,
  ru,
  sv,
  tr,
  uk,
  zh,
  'zh-Hant': zhHant,
};
