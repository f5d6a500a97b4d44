/** Dutch. */
import type { Language } from './strings.js';

export const nl: Language = {
  strings: {
    search: 'Zoeken',
    placeholder: 'Zoek in de documentatie',
    close: 'Sluiten',
    clear: 'Wissen',
    results: 'Resultaten',
    found: { one: '{count} resultaat', other: '{count} resultaten' },
    none: 'Geen resultaten voor “{query}”',
    unanswered: 'Niets hier beantwoordt “{query}”',
    noneAdvice: 'Probeer minder of andere woorden.',
    recent: 'Recente zoekopdrachten',
    clearRecent: 'Recente zoekopdrachten wissen',
    recentHelp: 'Delete verwijdert de gekozen zoekopdracht.',
    failed: 'Zoeken is niet beschikbaar.',
    retry: 'Opnieuw proberen',
    degraded: 'Eenvoudigere volgorde: een deel van de zoekfunctie kon niet worden geladen.',
    loading: 'Zoeken wordt voorbereid …',
    downloading: 'Downloaden',
    indexing: 'Artikelen worden gelezen',
    improving: 'De volgorde wordt verbeterd …',
    toOpen: 'openen',
    toNavigate: 'navigeren',
    toClose: 'sluiten',
    help: 'De pijltoetsen kiezen een resultaat. Enter opent het, of het eerste als er geen is gekozen.',
  },
};
