/** Swedish. */
import type { Language } from './strings.js';

export const sv: Language = {
  strings: {
    search: 'Sök',
    placeholder: 'Sök i dokumentationen',
    close: 'Stäng',
    clear: 'Rensa',
    results: 'Resultat',
    found: { one: '{count} resultat', other: '{count} resultat' },
    none: 'Inga resultat för ”{query}”',
    unanswered: 'Inget här svarar på ”{query}”',
    noneAdvice: 'Försök med färre eller andra ord.',
    recent: 'Senaste sökningar',
    clearRecent: 'Rensa senaste sökningar',
    recentHelp: 'Delete tar bort den valda sökningen.',
    failed: 'Sökningen är inte tillgänglig.',
    retry: 'Försök igen',
    degraded: 'Enklare ordning: en del av sökningen kunde inte läsas in.',
    loading: 'Sökningen förbereds …',
    downloading: 'Laddar ner',
    indexing: 'Läser artiklarna',
    improving: 'Ordningen förbättras …',
    toOpen: 'öppna',
    toNavigate: 'flytta',
    toClose: 'stäng',
    help: 'Piltangenterna väljer ett resultat. Enter öppnar det, eller det första om inget är valt.',
  },
};
