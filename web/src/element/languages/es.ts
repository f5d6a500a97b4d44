/** Spanish. */
import type { Language } from './strings.js';

export const es: Language = {
  strings: {
    search: 'Buscar',
    placeholder: 'Buscar en la documentación',
    close: 'Cerrar',
    clear: 'Borrar',
    results: 'Resultados',
    found: { one: '{count} resultado', other: '{count} resultados' },
    none: 'Sin resultados para «{query}»',
    unanswered: 'Nada de lo que hay aquí responde a «{query}»',
    noneAdvice: 'Prueba con menos palabras o con otras.',
    recent: 'Búsquedas recientes',
    clearRecent: 'Borrar las búsquedas recientes',
    recentHelp: 'Supr quita la búsqueda elegida.',
    failed: 'La búsqueda no está disponible.',
    retry: 'Reintentar',
    degraded: 'Orden más sencillo: no se pudo cargar una parte de la búsqueda.',
    loading: 'Preparando la búsqueda …',
    downloading: 'Descargando',
    indexing: 'Leyendo los artículos',
    improving: 'Mejorando el orden …',
    toOpen: 'abrir',
    toNavigate: 'navegar',
    toClose: 'cerrar',
    help: 'Las flechas eligen un resultado. Intro lo abre, o abre el primero si no hay ninguno elegido.',
  },
};
