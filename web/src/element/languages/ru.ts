/** Russian. */
import type { Language } from './strings.js';

export const ru: Language = {
  strings: {
    search: 'Поиск',
    placeholder: 'Поиск по документации',
    close: 'Закрыть',
    clear: 'Очистить',
    results: 'Результаты',
    found: {
      one: '{count} результат',
      few: '{count} результата',
      many: '{count} результатов',
      other: '{count} результата',
    },
    none: 'По запросу «{query}» ничего не найдено',
    unanswered: 'Здесь нет ответа на запрос «{query}»',
    noneAdvice: 'Попробуйте сократить запрос или изменить его.',
    recent: 'Недавние запросы',
    clearRecent: 'Очистить недавние запросы',
    recentHelp: 'Delete удаляет выбранный запрос.',
    failed: 'Поиск недоступен.',
    retry: 'Повторить',
    degraded: 'Упрощённый порядок: часть поиска не удалось загрузить.',
    loading: 'Подготовка поиска …',
    downloading: 'Загрузка',
    indexing: 'Чтение статей',
    improving: 'Порядок уточняется …',
    toOpen: 'открыть',
    toNavigate: 'выбрать',
    toClose: 'закрыть',
    help: 'Стрелки выбирают результат. Enter открывает его или первый, если ничего не выбрано.',
  },
};
