import { testRunVariable } from './current-test-run.ts';
import { startTestRun } from './test-run.ts';

declare global {
  var stopTestRun: (() => Promise<void>) | undefined;
}

/** What jest calls before a run. */
export default async function setUp(): Promise<void> {
  const { run, stop } = await startTestRun();
  process.env[testRunVariable] = JSON.stringify(run);
  globalThis.stopTestRun = stop;
}
