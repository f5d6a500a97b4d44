/** Arabic. */
import type { Language } from './strings.js';

export const ar: Language = {
  direction: 'rtl',
  strings: {
    search: 'بحث',
    placeholder: 'ابحث في الوثائق',
    close: 'إغلاق',
    clear: 'مسح',
    results: 'النتائج',
    found: {
      zero: 'لا توجد نتائج',
      one: 'نتيجة واحدة',
      two: 'نتيجتان',
      few: '{count} نتائج',
      many: '{count} نتيجة',
      other: '{count} نتيجة',
    },
    none: 'لا توجد نتائج عن «{query}»',
    unanswered: 'لا يوجد هنا ما يجيب عن «{query}»',
    noneAdvice: 'جرّب كلمات أقل أو كلمات أخرى.',
    recent: 'عمليات البحث الأخيرة',
    clearRecent: 'مسح عمليات البحث الأخيرة',
    recentHelp: 'يزيل مفتاح Delete البحث المحدد.',
    failed: 'البحث غير متاح.',
    retry: 'إعادة المحاولة',
    degraded: 'ترتيب مبسّط: تعذّر تحميل جزء من البحث.',
    loading: 'جارٍ تجهيز البحث …',
    downloading: 'جارٍ التنزيل',
    indexing: 'جارٍ قراءة المقالات',
    improving: 'جارٍ تحسين الترتيب …',
    toOpen: 'للفتح',
    toNavigate: 'للتنقل',
    toClose: 'للإغلاق',
    help: 'تختار مفاتيح الأسهم نتيجة. يفتحها مفتاح الإدخال، أو يفتح الأولى إن لم تُختر نتيجة.',
  },
};
