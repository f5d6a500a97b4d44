/** Hebrew. */
import type { Language } from './strings.js';

export const he: Language = {
  direction: 'rtl',
  strings: {
    search: 'חיפוש',
    placeholder: 'חיפוש בתיעוד',
    close: 'סגירה',
    clear: 'ניקוי',
    results: 'תוצאות',
    found: { one: 'תוצאה אחת', two: 'שתי תוצאות', other: '{count} תוצאות' },
    none: 'אין תוצאות עבור ”{query}“',
    unanswered: 'אין כאן תשובה לשאלה ”{query}“',
    noneAdvice: 'כדאי לנסות פחות מילים, או מילים אחרות.',
    recent: 'חיפושים אחרונים',
    clearRecent: 'ניקוי החיפושים האחרונים',
    recentHelp: 'מקש Delete מסיר את החיפוש הנבחר.',
    failed: 'החיפוש אינו זמין.',
    retry: 'ניסיון נוסף',
    degraded: 'סדר פשוט יותר: חלק מהחיפוש לא נטען.',
    loading: 'החיפוש בהכנה …',
    downloading: 'בהורדה',
    indexing: 'המאמרים נקראים',
    improving: 'הסדר משתפר …',
    toOpen: 'לפתיחה',
    toNavigate: 'לניווט',
    toClose: 'לסגירה',
    help: 'מקשי החצים בוחרים תוצאה. Enter פותח אותה, או את הראשונה אם לא נבחרה תוצאה.',
  },
};
