import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import { migrate } from '@loyalty/platform/postgres/migrations.ts';
import type { Template, TestRun } from './current-test-run.ts';
import { natsServerProgram } from './nats-program.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { serveSharedFixtures } from './shared-fixtures.ts';
import { execute } from './test-environment.ts';
import { watchUndeclaredReasonsOfProcesses } from './undeclared-reasons.ts';

const prefix = 'loyalty-test-';

/**
 * Starts what all test files of a run share, and gives them a temporary folder of their own. `stop` ends and removes it all.
 *
 * @throws {Error} from `stop`, when a test has left something in the temporary folder, or a process that it started has failed
 * for a reason that the contract doesn't declare
 */
export async function startTestRun(): Promise<{ run: TestRun; stop(): Promise<void> }> {
  await removeLeftovers();
  // Found or installed here, once, and not by several workers at a time.
  await natsServerProgram();
  const beganMs = performance.now();
  const directory = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  // PostgreSQL may run under another account, which must come through.
  await chmod(directory, 0o711);
  const temporary = join(directory, 'tmp');
  await mkdir(temporary);
  process.env['TMPDIR'] = temporary;
  const undeclaredReasons = watchUndeclaredReasonsOfProcesses(directory);
  const postgres = await startPostgres({ directory: join(directory, 'postgres'), fsync: false });
  const [programs, ledger, webhooks] = await Promise.all([
    createTemplate(postgres, 'programs'),
    createTemplate(postgres, 'ledger'),
    createTemplate(postgres, 'webhooks'),
  ]);
  const fixtures = await serveSharedFixtures();
  return {
    run: {
      directory,
      serverUrl: postgres.url('postgres'),
      templates: { programs, ledger, webhooks },
      fixturesUrl: fixtures.url,
      startMs: performance.now() - beganMs,
    },
    async stop() {
      await fixtures.stop();
      await postgres.stop();
      const left = await readdir(temporary);
      const undeclared = undeclaredReasons.stop();
      await rm(directory, { recursive: true, force: true });
      if (undeclared !== undefined) throw new Error(undeclared);
      if (left.length > 0) {
        throw new Error(`Tests have left files in the temporary folder: ${left.join(', ')}`);
      }
    },
  };
}

// A faulty migration fails the tests that need it, not all others too.
async function createTemplate(postgres: PostgresServer, service: string): Promise<Template> {
  const migrations = join(import.meta.dirname, '../../services', service, 'migrations');
  if (!existsSync(migrations)) return { problem: `The service ${service} has no migrations.` };
  const database = `template_${service}`;
  await execute(postgres.url('postgres'), `CREATE DATABASE ${database}`);
  const knex = createKnex({ url: postgres.url(database), max: 1, applicationName: 'test run' });
  try {
    await migrate(knex, migrations);
    return { database };
  } catch (error) {
    return { problem: `The migrations of ${service} fail: ${String(error)}` };
  } finally {
    await knex.destroy();
  }
}

/** Removes the files of runs that were killed; their servers have ended with them. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : NaN;
    if (pid > 0 && !isAlive(pid)) {
      // Another user's are not ours to remove.
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
