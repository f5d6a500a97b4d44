/** Czech. */
import type { Language } from './strings.js';

export const cs: Language = {
  strings: {
    search: 'Hledat',
    placeholder: 'Hledat v dokumentaci',
    close: 'Zavřít',
    clear: 'Vymazat',
    results: 'Výsledky',
    found: {
      one: '{count} výsledek',
      few: '{count} výsledky',
      many: '{count} výsledku',
      other: '{count} výsledků',
    },
    none: 'Pro „{query}“ nebylo nic nalezeno',
    unanswered: 'Na „{query}“ tu nic neodpovídá',
    noneAdvice: 'Zkuste méně slov nebo jiná slova.',
    recent: 'Nedávná hledání',
    clearRecent: 'Vymazat nedávná hledání',
    recentHelp: 'Delete odebere vybrané hledání.',
    failed: 'Hledání není dostupné.',
    retry: 'Zkusit znovu',
    degraded: 'Jednodušší pořadí: část hledání se nepodařilo načíst.',
    loading: 'Hledání se připravuje …',
    downloading: 'Stahování',
    indexing: 'Čtení článků',
    improving: 'Pořadí se zlepšuje …',
    toOpen: 'otevřít',
    toNavigate: 'pohyb',
    toClose: 'zavřít',
    help: 'Šipkami vyberete výsledek. Enter ho otevře, nebo otevře první, není-li žádný vybrán.',
  },
};
