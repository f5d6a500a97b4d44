/** Turkish. */
import type { Language } from './strings.js';

export const tr: Language = {
  strings: {
    search: 'Ara',
    placeholder: 'Belgelerde ara',
    close: 'Kapat',
    clear: 'Temizle',
    results: 'Sonuçlar',
    found: { one: '{count} sonuç', other: '{count} sonuç' },
    none: '“{query}” için sonuç yok',
    unanswered: 'Burada “{query}” için bir yanıt yok',
    noneAdvice: 'Daha az ya da başka sözcükler deneyin.',
    recent: 'Son aramalar',
    clearRecent: 'Son aramaları temizle',
    recentHelp: 'Delete seçili aramayı kaldırır.',
    failed: 'Arama kullanılamıyor.',
    retry: 'Yeniden dene',
    degraded: 'Daha basit sıralama: aramanın bir bölümü yüklenemedi.',
    loading: 'Arama hazırlanıyor …',
    downloading: 'İndiriliyor',
    indexing: 'Makaleler okunuyor',
    improving: 'Sıralama iyileştiriliyor …',
    toOpen: 'aç',
    toNavigate: 'gezin',
    toClose: 'kapat',
    help: 'Ok tuşları bir sonuç seçer. Enter onu, hiçbiri seçili değilse ilkini açar.',
  },
};
