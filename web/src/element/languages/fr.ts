/** French. */
import type { Language } from './strings.js';

export const fr: Language = {
  strings: {
    search: 'Rechercher',
    placeholder: 'Rechercher dans la documentation',
    close: 'Fermer',
    clear: 'Effacer',
    results: 'Résultats',
    found: { one: '{count} résultat', other: '{count} résultats' },
    none: 'Aucun résultat pour « {query} »',
    unanswered: 'Rien ici ne répond à « {query} »',
    noneAdvice: 'Essayez avec moins de mots, ou d’autres mots.',
    recent: 'Recherches récentes',
    clearRecent: 'Effacer les recherches récentes',
    recentHelp: 'Suppr retire la recherche choisie.',
    failed: 'La recherche n’est pas disponible.',
    retry: 'Réessayer',
    degraded: 'Classement simplifié : une partie de la recherche n’a pas pu être chargée.',
    loading: 'Préparation de la recherche …',
    downloading: 'Téléchargement',
    indexing: 'Lecture des articles',
    improving: 'Amélioration du classement …',
    toOpen: 'ouvrir',
    toNavigate: 'naviguer',
    toClose: 'fermer',
    help: 'Les flèches choisissent un résultat. Entrée l’ouvre, ou ouvre le premier si aucun n’est choisi.',
  },
};
