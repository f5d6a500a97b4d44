/** A search without an engine: its stages come when a test lets them. */

/** Best first as the words have it, then with their meaning, then reranked. */
const ORDERS = {
  lexical: ['mute-topic', 'mute-channel', 'notifications', 'mobile', 'resolve-topic', 'move-topic'],
  hybrid: ['mute-topic', 'notifications', 'mute-channel', 'resolve-topic', 'mobile', 'move-topic'],
  reranked: ['notifications', 'mute-topic', 'resolve-topic', 'mute-channel', 'move-topic', 'mobile'],
};

const ENGLISH = {
  'mute-topic': {
    title: 'Mute a topic',
    section: 'Using Harbour > Topics',
    heading: 'Mute a topic from the sidebar',
    anchor: 'mute-a-topic-from-the-sidebar',
    text: 'Muting a topic hides its messages in most views and stops its notifications. You are still told when someone mentions you.',
    marks: ['Muting', 'topic', 'notifications'],
    others: [
      ['Mute a topic > See what is muted', 'see-what-is-muted'],
      ['Mute a topic > Follow it again', 'follow-it-again'],
    ],
  },
  'mute-channel': {
    title: 'Mute a channel',
    section: 'Using Harbour > Channels',
    text: 'A muted channel is shown at the end of the list, in grey. Its topics can be unmuted one by one.',
    marks: ['muted', 'topics'],
  },
  notifications: {
    title: 'Stop notifications about one conversation',
    section: 'Notifications',
    heading: 'In the desktop app',
    anchor: 'in-the-desktop-app',
    text: 'To stop notifications about one conversation, open its menu and choose Mute. Mentions are still delivered unless you turn them off in your settings.',
    marks: ['stop notifications', 'conversation', 'Mute'],
  },
  mobile: {
    title: 'Notifications on a phone',
    section: 'Notifications > Mobile',
    text: 'The apps for phones ask once whether they may notify you. You can change this in the settings of the system.',
    marks: ['notify'],
  },
  'resolve-topic': {
    title: 'Resolve a topic',
    section: 'Using Harbour > Topics',
    text: 'A resolved topic has a mark before its name. New messages can still be sent to it.',
    marks: ['topic'],
  },
  'move-topic': {
    title: 'Move a topic to another channel',
    section: 'Using Harbour > Topics',
    text: 'Everyone who may move messages finds Move topic in the menu beside its name.',
    marks: ['topic'],
  },
};

const ARABIC = {
  'mute-topic': {
    title: 'كتم موضوع',
    section: 'استخدام هاربر > المواضيع',
    heading: 'كتم موضوع من الشريط الجانبي',
    anchor: 'mute',
    text: 'يؤدي كتم موضوع إلى إخفاء رسائله في معظم العروض وإيقاف إشعاراته. وستصلك الإشارات إليك كما كانت.',
    marks: ['كتم', 'موضوع', 'إشعاراته'],
    others: [['كتم موضوع > عرض المواضيع المكتومة', 'muted']],
  },
  'mute-channel': {
    title: 'كتم قناة',
    section: 'استخدام هاربر > القنوات',
    text: 'تظهر القناة المكتومة في آخر القائمة باللون الرمادي، ويمكن إلغاء كتم مواضيعها واحدًا واحدًا.',
    marks: ['كتم'],
  },
  notifications: {
    title: 'إيقاف إشعارات محادثة واحدة',
    section: 'الإشعارات',
    text: 'لإيقاف إشعارات محادثة واحدة افتح قائمتها ثم اختر «كتم».',
    marks: ['كتم'],
  },
  'resolve-topic': {
    title: 'إنهاء موضوع',
    section: 'استخدام هاربر > المواضيع',
    text: 'تظهر علامة قبل اسم الموضوع الذي انتهى، ويمكن إرسال رسائل جديدة إليه.',
    marks: [],
  },
};

export class FakeSearch {
  /** Every question so far, with whether it has ended and by what. */
  calls = [];
  /** While `true`, every stage waits for `next()`. */
  held = false;
  /** What ends a question in place of its next stage. */
  error;
  /** A `reason` for every result. */
  reason;
  /** How likely every document is to answer, in the stages that tell. */
  score = 0.9;
  /** Addresses in place of the documents' own. */
  urls = {};
  #waiting = [];

  constructor(lang) {
    this.documents = lang === 'ar' ? ARABIC : ENGLISH;
  }

  /** Lets the next stage out. */
  next() {
    this.#waiting.shift()?.();
  }

  async *stream(text, { signal, ...options }) {
    const call = { text, options, stages: [], aborted: false };
    this.calls.push(call);
    signal.addEventListener('abort', () => {
      call.aborted = true;
    });
    const stages = Object.keys(ORDERS);
    for (const stage of stages) {
      if (this.held) await new Promise((resolve) => this.#waiting.push(resolve));
      signal.throwIfAborted();
      if (this.error) throw this.error;
      call.stages.push(stage);
      yield this.#result(text, stage, stage === stages.at(-1), options);
    }
  }

  #result(text, stage, final, { limit, minScore }) {
    const found = text.includes('zzz') ? [] : ORDERS[stage].filter((id) => id in this.documents);
    const told = minScore !== undefined && stage !== 'lexical' && found.length > 0;
    const shown = told && this.score < minScore ? [] : found.slice(0, limit);
    const terms = text.split(/\s+/).map((word) => ({ text: word, matched: [] }));
    return {
      hits: shown.map((id) => this.#hit(id)),
      stage,
      final,
      reason: this.reason,
      ...(told && { counts: { belowMinScore: Math.min(limit, found.length) - shown.length } }),
      terms,
    };
  }

  #hit(id) {
    const { title, section, heading, anchor, text, marks, others = [] } = this.documents[id];
    const highlights = marks
      .map((mark) => [text.indexOf(mark), text.indexOf(mark) + mark.length])
      .sort(([a], [b]) => a - b);
    const url = this.urls[id] ?? `/help/${id}`;
    return {
      id,
      document: { id, title, section, url, body: text },
      passage: { text, heading, anchor },
      passages: others.map(([heading, anchor]) => ({ text, heading, anchor })),
      excerpt: { text, highlights },
    };
  }
}
