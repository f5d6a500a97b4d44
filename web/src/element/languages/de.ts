/** German. */
import type { Language } from './strings.js';

export const de: Language = {
  strings: {
    search: 'Suchen',
    placeholder: 'Dokumentation durchsuchen',
    close: 'Schließen',
    clear: 'Leeren',
    results: 'Ergebnisse',
    found: { one: '{count} Ergebnis', other: '{count} Ergebnisse' },
    none: 'Keine Ergebnisse für „{query}“',
    unanswered: 'Nichts hier beantwortet „{query}“',
    noneAdvice: 'Versuchen Sie es mit weniger oder anderen Wörtern.',
    recent: 'Letzte Suchen',
    clearRecent: 'Letzte Suchen löschen',
    recentHelp: 'Entf entfernt die gewählte Suche.',
    failed: 'Die Suche ist nicht verfügbar.',
    retry: 'Erneut versuchen',
    degraded: 'Einfachere Reihenfolge: Ein Teil der Suche konnte nicht geladen werden.',
    loading: 'Die Suche wird vorbereitet …',
    downloading: 'Wird heruntergeladen',
    indexing: 'Artikel werden eingelesen',
    improving: 'Reihenfolge wird verbessert …',
    toOpen: 'öffnen',
    toNavigate: 'bewegen',
    toClose: 'schließen',
    help: 'Die Pfeiltasten wählen ein Ergebnis. Die Eingabetaste öffnet es, oder das erste, wenn keines gewählt ist.',
  },
};
