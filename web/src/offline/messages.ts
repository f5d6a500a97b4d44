/** Page to service worker: keep these files. The answer comes through the message's port. */
export interface KeepRequest {
  type: 'docsift:keep';
  /** Absolute addresses. */
  urls: string[];
}

export type KeepReply = { kept: number } | { error: string };
