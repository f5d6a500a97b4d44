/** The demo's help center, of which the long tests make as many pages as they want. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../../scripts/steps.mjs';

/** @type {{ id: string, title: string, body: string, section: string, url: string }[]} */
export const CORPUS = JSON.parse(
  readFileSync(path.join(ROOT, 'web', 'demo', 'corpus', 'zulip-help.json'), 'utf8'),
);
