import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import type { PostgresServer } from '@loyalty/local/postgres-server.ts';
import { root } from '@loyalty/local/settings.ts';
import pg from 'pg';

/** What the figures of a run depend on besides the code. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly operatingSystem: string;
  readonly node: string;
  readonly postgres: string;
  /** Settings of PostgreSQL by name. */
  readonly postgresSettings: Readonly<Record<string, string>>;
  /** Processes that wanted a processor in the minute before the run: what the run has to compete with. */
  readonly loadBefore: number;
  /** The commit of the code, with a `+` if files have changed since. */
  readonly commit: string;
}

const settingNames = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
];

export async function readEnvironment(
  postgres: PostgresServer,
  loadBefore: number,
): Promise<Environment> {
  const client = new pg.Client(postgres.url('postgres'));
  await client.connect();
  try {
    const version = await client.query<{ server_version: string }>('SHOW server_version');
    const settings = await client.query<{ name: string; value: string }>(
      'SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY ($1)',
      [settingNames],
    );
    return {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      operatingSystem: `${type()} ${release()}`,
      node: process.version,
      postgres: version.rows[0]?.server_version ?? 'unknown',
      postgresSettings: Object.fromEntries(settings.rows.map(({ name, value }) => [name, value])),
      loadBefore,
      commit: commit(),
    };
  } finally {
    await client.end();
  }
}

export function currentLoad(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '');
  } catch {
    return 'unknown';
  }
}
