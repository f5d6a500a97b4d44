/** `docsift eval`: how good the search is over judged queries. The evaluation reads its own arguments. */

import { DocsiftError } from '../../errors.js';
import { main } from '../../eval/main.js';
import { type Command, UsageError } from '../command.js';
import { ProgressLine } from '../report.js';

export const evaluate: Command = {
  name: 'eval',
  summary: 'Measure the search over judged queries (BEIR folders, or JSON Lines)',
  arguments: ['[sets…]'],
  options: {},
  async passesOn(args) {
    const line = new ProgressLine(false);
    try {
      return await main(args, {
        print: (text) => {
          line.clear();
          console.log(text);
        },
        progress: (text) => line.show(() => text),
      });
    } catch (thrown) {
      if (thrown instanceof DocsiftError && thrown.code === 'invalid_options')
        throw new UsageError(thrown.message);
      throw thrown;
    } finally {
      line.clear();
    }
  },
  run: async () => 0,
};
