/** What jest calls after a run. */
export default async function tearDown(): Promise<void> {
  await globalThis.stopTestRun?.();
}
