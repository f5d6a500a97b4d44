/** Chinese (traditional). */
import type { Language } from './strings.js';

export const zhHant: Language = {
  strings: {
    search: '搜尋',
    placeholder: '搜尋文件',
    close: '關閉',
    clear: '清除',
    results: '搜尋結果',
    found: { other: '{count} 筆結果' },
    none: '找不到「{query}」的相關結果',
    unanswered: '這裡沒有回答「{query}」的內容',
    noneAdvice: '請減少關鍵字或改用其他字詞。',
    recent: '最近的搜尋',
    clearRecent: '清除最近的搜尋',
    recentHelp: '按 Delete 鍵移除所選的搜尋。',
    failed: '目前無法使用搜尋。',
    retry: '重試',
    degraded: '部分搜尋功能無法載入，目前為簡化的排序。',
    loading: '正在準備搜尋…',
    downloading: '正在下載',
    indexing: '正在讀取文章',
    improving: '正在改善排序…',
    toOpen: '開啟',
    toNavigate: '移動',
    toClose: '關閉',
    help: '用方向鍵選擇結果，按 Enter 開啟；未選擇時開啟第一筆。',
  },
};
