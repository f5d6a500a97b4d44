/** `npm run build`: the self-contained library in dist/, and the demo site that uses it. */
import { buildWasm } from './build-wasm.mjs';
import { setUpBuild } from './setup.mjs';
import { isMain, runMain, runOrFail, step } from './steps.mjs';

/** @param {Awaited<ReturnType<typeof setUpBuild>>} tools */
export async function build(tools) {
  await buildWasm(tools);
  for (const [title, script] of [
    ['Library', 'web/build.mjs'],
    ['Demo', 'web/demo/build.mjs'],
  ]) {
    await step(title, (report) =>
      runOrFail(process.execPath, [script], {
        report,
        todo: `read the message above; \`node ${script}\` repeats this step alone`,
      }),
    );
  }
}

if (isMain(import.meta.url)) {
  await runMain(async () => build(await setUpBuild()));
}
