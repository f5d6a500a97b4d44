/** `docsift read`: the documents that a site comes to, as they would be indexed. */
import { command } from '../command.js';
import { findSource, readSource } from '../read/index.js';
import { READ_OPTIONS, readOptions } from '../read-options.js';
import { counted, Problems } from '../report.js';

export const read = command({
  name: 'read',
  summary: 'Print the documents of a site as JSON Lines, to see what would be searched',
  arguments: ['<folder>'],
  options: READ_OPTIONS,
  details: 'The exit code is 1 when a file cannot be read or two pages have one address.',
  async run(values, [folder = '']) {
    const { format, optionsFor } = readOptions(values);
    const source = await findSource(folder, format, []);
    const problems = new Problems(false);
    let documents = 0;
    for await (const item of readSource(source, optionsFor(source.format), [])) {
      if (item.problem) problems.add(item.problem);
      else {
        documents += 1;
        if (!process.stdout.write(`${JSON.stringify(item.document)}\n`))
          await new Promise((resolve) => process.stdout.once('drain', resolve));
      }
    }
    const { summary } = problems;
    console.error(`${counted(documents, 'document')}${summary ? `; ${summary}` : ''}`);
    return problems.errors > 0 ? 1 : 0;
  },
});
