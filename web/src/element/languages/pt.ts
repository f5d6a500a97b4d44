/** Portuguese. */
import type { Language } from './strings.js';

export const pt: Language = {
  strings: {
    search: 'Pesquisar',
    placeholder: 'Pesquisar na documentação',
    close: 'Fechar',
    clear: 'Limpar',
    results: 'Resultados',
    found: { one: '{count} resultado', other: '{count} resultados' },
    none: 'Nenhum resultado para “{query}”',
    unanswered: 'Nada aqui responde a “{query}”',
    noneAdvice: 'Tente com menos palavras, ou outras.',
    recent: 'Pesquisas recentes',
    clearRecent: 'Limpar pesquisas recentes',
    recentHelp: 'Delete remove a pesquisa escolhida.',
    failed: 'A pesquisa não está disponível.',
    retry: 'Tentar novamente',
    degraded: 'Ordem mais simples: uma parte da pesquisa não pôde ser carregada.',
    loading: 'Preparando a pesquisa …',
    downloading: 'Baixando',
    indexing: 'Lendo os artigos',
    improving: 'Melhorando a ordem …',
    toOpen: 'abrir',
    toNavigate: 'navegar',
    toClose: 'fechar',
    help: 'As setas escolhem um resultado. Enter abre-o, ou abre o primeiro se nenhum estiver escolhido.',
  },
};
