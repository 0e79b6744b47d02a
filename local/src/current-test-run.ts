/** What the start of the test run hands to every test file, in the environment as JSON. */
export interface TestRun {
  /** Removed after the run. */
  directory: string;
  /** The database from which others are created. */
  serverUrl: string;
  templates: Record<'programs' | 'ledger' | 'webhooks', Template>;
  /** A GET of a path below this URL makes what test files share, once, and returns it as JSON. */
  fixturesUrl: string;
  /** What it took to start all of this. */
  startMs: number;
}

/** A migrated database to copy from, or why there is none. */
export type Template = { database: string } | { problem: string };

export const testRunVariable = 'LOYALTY_TEST_RUN';

/** @throws {Error} outside of a test run */
export function testRun(): TestRun {
  const value = process.env[testRunVariable];
  if (!value) throw new Error('No test run is under way. Run tests with: npm test');
  return JSON.parse(value) as TestRun;
}
