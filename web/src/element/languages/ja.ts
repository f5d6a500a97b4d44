/** Japanese. */
import type { Language } from './strings.js';

export const ja: Language = {
  strings: {
    search: '検索',
    placeholder: 'ドキュメントを検索',
    close: '閉じる',
    clear: '消去',
    results: '検索結果',
    found: { other: '{count} 件の結果' },
    none: '「{query}」に一致する結果はありません',
    unanswered: 'ここには「{query}」の答えがありません',
    noneAdvice: '語を減らすか、別の語でお試しください。',
    recent: '最近の検索',
    clearRecent: '最近の検索を消去',
    recentHelp: 'Delete キーで選択した検索を削除します。',
    failed: '検索を利用できません。',
    retry: '再試行',
    degraded: '検索の一部を読み込めなかったため、簡易的な順序で表示しています。',
    loading: '検索を準備しています…',
    downloading: 'ダウンロード中',
    indexing: '記事を読み込んでいます',
    improving: '順序を改善しています…',
    toOpen: '開く',
    toNavigate: '移動',
    toClose: '閉じる',
    help: '矢印キーで結果を選び、Enter キーで開きます。選択がなければ先頭の結果を開きます。',
  },
};
