/** Page to service worker: keep these files. The answer comes through the message's port. */
export interface KeepRequest {
  type: 'docsift:keep';
  /** Absolute addresses; all of them are kept, or none. */
  needed: string[];
  /** Those kept as well as they can be had: a page may have asked for what is not there. */
  wanted: string[];
}

export type KeepReply = { kept: number } | { error: string };
