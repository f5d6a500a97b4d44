/** Chinese (simplified). */
import type { Language } from './strings.js';

export const zh: Language = {
  strings: {
    search: '搜索',
    placeholder: '搜索文档',
    close: '关闭',
    clear: '清除',
    results: '搜索结果',
    found: { other: '{count} 条结果' },
    none: '没有找到“{query}”的相关结果',
    unanswered: '这里没有回答“{query}”的内容',
    noneAdvice: '请减少关键词或换用其他词。',
    recent: '最近的搜索',
    clearRecent: '清除最近的搜索',
    recentHelp: '按 Delete 键移除所选搜索。',
    failed: '搜索暂不可用。',
    retry: '重试',
    degraded: '部分搜索功能未能加载，当前为简化排序。',
    loading: '正在准备搜索…',
    downloading: '正在下载',
    indexing: '正在读取文章',
    improving: '正在优化排序…',
    toOpen: '打开',
    toNavigate: '移动',
    toClose: '关闭',
    help: '用方向键选择结果，按 Enter 打开；未选择时打开第一条。',
  },
};
