/** `npm start`: from a fresh clone to the demo in a browser. Installs what is missing, builds what has changed, serves. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { serve } from './serve.mjs';
import { setUpBuild } from './setup.mjs';
import { ROOT, runMain, StepError } from './steps.mjs';

await runMain(async () => {
  if (!existsSync(path.join(ROOT, 'models', 'manifest.json'))) {
    throw new StepError(
      'models/manifest.json is missing',
      'restore models/ from the repository, or pack the models with `npm run models`',
    );
  }
  await build(await setUpBuild());
  const server = await serve();
  process.once('SIGINT', () => process.exit(0));
  console.log(`\nThe demo is served until you press Ctrl+C. Open it in a browser:\n${server.url}`);
});
