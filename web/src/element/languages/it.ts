/** Italian. */
import type { Language } from './strings.js';

export const it: Language = {
  strings: {
    search: 'Cerca',
    placeholder: 'Cerca nella documentazione',
    close: 'Chiudi',
    clear: 'Cancella',
    results: 'Risultati',
    found: { one: '{count} risultato', other: '{count} risultati' },
    none: 'Nessun risultato per “{query}”',
    unanswered: 'Niente qui risponde a “{query}”',
    noneAdvice: 'Prova con meno parole o con altre.',
    recent: 'Ricerche recenti',
    clearRecent: 'Cancella le ricerche recenti',
    recentHelp: 'Canc rimuove la ricerca scelta.',
    failed: 'La ricerca non è disponibile.',
    retry: 'Riprova',
    degraded: 'Ordine semplificato: non è stato possibile caricare una parte della ricerca.',
    loading: 'Preparazione della ricerca …',
    downloading: 'Download in corso',
    indexing: 'Lettura degli articoli',
    improving: 'Miglioramento dell’ordine …',
    toOpen: 'apri',
    toNavigate: 'naviga',
    toClose: 'chiudi',
    help: 'Le frecce scelgono un risultato. Invio lo apre, o apre il primo se nessuno è scelto.',
  },
};
