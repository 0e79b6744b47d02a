// PostgreSQL's statistics of a database's tables, for tests and benchmarks of its plans.
import { execute } from './test-environment.ts';

/** Disables autovacuum for the tables, so their statistics stay unchanged. */
export async function disableAutovacuum(url: string): Promise<void> {
  await forEachTable(url, ['ALTER TABLE %1$s SET (autovacuum_enabled = false)']);
}

/**
 * Leaves tables that were never analyzed as pg_restore leaves them: with indexes that were built over all rows, by which
 * PostgreSQL knows how many there are, and nothing else. Autovacuum is disabled.
 */
export async function pretendRestored(url: string): Promise<void> {
  await forEachTable(url, [
    // PostgreSQL 18 doesn't count the rows where autovacuum is disabled. All in one transaction, so that autovacuum
    // stays away.
    'ALTER TABLE %1$s RESET (autovacuum_enabled)',
    'REINDEX TABLE %1$s',
    'ALTER TABLE %1$s SET (autovacuum_enabled = false)',
  ]);
}

async function forEachTable(url: string, commands: readonly string[]): Promise<void> {
  await execute(
    url,
    `DO $$
    DECLARE
      name regclass;
    BEGIN
      FOR name IN
        SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
      LOOP
        ${commands.map((command) => `EXECUTE format('${command}', name);`).join('\n')}
      END LOOP;
    END $$`,
  );
}
