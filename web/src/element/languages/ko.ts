/** Korean. */
import type { Language } from './strings.js';

export const ko: Language = {
  strings: {
    search: '검색',
    placeholder: '문서 검색',
    close: '닫기',
    clear: '지우기',
    results: '검색 결과',
    found: { other: '결과 {count}개' },
    none: '“{query}”에 대한 결과가 없습니다',
    unanswered: '여기에는 “{query}”에 대한 답이 없습니다',
    noneAdvice: '단어를 줄이거나 다른 단어로 검색해 보세요.',
    recent: '최근 검색',
    clearRecent: '최근 검색 지우기',
    recentHelp: 'Delete 키로 선택한 검색을 제거합니다.',
    failed: '검색을 사용할 수 없습니다.',
    retry: '다시 시도',
    degraded: '검색의 일부를 불러오지 못해 간단한 순서로 표시합니다.',
    loading: '검색을 준비하는 중…',
    downloading: '다운로드 중',
    indexing: '문서를 읽는 중',
    improving: '순서를 개선하는 중…',
    toOpen: '열기',
    toNavigate: '이동',
    toClose: '닫기',
    help: '화살표 키로 결과를 선택하고 Enter 키로 엽니다. 선택하지 않으면 첫 번째 결과를 엽니다.',
  },
};
