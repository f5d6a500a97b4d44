/** Ukrainian. */
import type { Language } from './strings.js';

export const uk: Language = {
  strings: {
    search: 'Пошук',
    placeholder: 'Пошук у документації',
    close: 'Закрити',
    clear: 'Очистити',
    results: 'Результати',
    found: {
      one: '{count} результат',
      few: '{count} результати',
      many: '{count} результатів',
      other: '{count} результату',
    },
    none: 'За запитом «{query}» нічого не знайдено',
    unanswered: 'Тут немає відповіді на запит «{query}»',
    noneAdvice: 'Спробуйте скоротити запит або змінити його.',
    recent: 'Недавні запити',
    clearRecent: 'Очистити недавні запити',
    recentHelp: 'Delete вилучає вибраний запит.',
    failed: 'Пошук недоступний.',
    retry: 'Спробувати ще раз',
    degraded: 'Спрощений порядок: частину пошуку не вдалося завантажити.',
    loading: 'Підготовка пошуку …',
    downloading: 'Завантаження',
    indexing: 'Читання статей',
    improving: 'Порядок уточнюється …',
    toOpen: 'відкрити',
    toNavigate: 'вибрати',
    toClose: 'закрити',
    help: 'Стрілки вибирають результат. Enter відкриває його або перший, якщо нічого не вибрано.',
  },
};
