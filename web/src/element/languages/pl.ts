/** Polish. */
import type { Language } from './strings.js';

export const pl: Language = {
  strings: {
    search: 'Szukaj',
    placeholder: 'Szukaj w dokumentacji',
    close: 'Zamknij',
    clear: 'Wyczyść',
    results: 'Wyniki',
    found: { one: '{count} wynik', few: '{count} wyniki', many: '{count} wyników', other: '{count} wyniku' },
    none: 'Brak wyników dla „{query}”',
    unanswered: 'Nic tutaj nie odpowiada na „{query}”',
    noneAdvice: 'Spróbuj użyć mniej słów lub innych.',
    recent: 'Ostatnie wyszukiwania',
    clearRecent: 'Wyczyść ostatnie wyszukiwania',
    recentHelp: 'Delete usuwa wybrane wyszukiwanie.',
    failed: 'Wyszukiwarka jest niedostępna.',
    retry: 'Spróbuj ponownie',
    degraded: 'Prostsza kolejność: nie udało się wczytać części wyszukiwarki.',
    loading: 'Przygotowywanie wyszukiwarki …',
    downloading: 'Pobieranie',
    indexing: 'Wczytywanie artykułów',
    improving: 'Poprawianie kolejności …',
    toOpen: 'otwórz',
    toNavigate: 'przejdź',
    toClose: 'zamknij',
    help: 'Strzałki wybierają wynik. Enter otwiera go albo pierwszy, jeśli żaden nie jest wybrany.',
  },
};
