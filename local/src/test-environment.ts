// What a test needs of the machine: a database and a message server of its own, thrown away afterwards.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { type Template, testRun } from './current-test-run.ts';
import {
  type NatsOptions,
  type NatsServer,
  type NatsServerWithAccounts,
  startNats,
  startNatsWithAccounts,
} from './nats-server.ts';

export interface TestDatabase {
  readonly url: string;
  /** Removes it, and ends the connections that are still open. */
  drop(): Promise<void>;
}

/** A database with the tables of the service, empty of rows; one without tables when no service is named. */
export async function createTestDatabase(
  service?: 'programs' | 'ledger' | 'webhooks',
): Promise<TestDatabase> {
  const { serverUrl, templates } = testRun();
  const template: Template = service ? templates[service] : { database: 'template1' };
  if ('problem' in template) throw new Error(template.problem);
  const name = `test_${service ?? 'empty'}_${randomUUID().slice(0, 8)}`;
  // By default every page goes through the log, which takes three times as long for a database of this size.
  const copied = `TEMPLATE "${template.database}" STRATEGY FILE_COPY`;
  await execute(serverUrl, `CREATE DATABASE "${name}" ${copied}`);
  const url = new URL(serverUrl);
  url.pathname = name;
  return {
    url: url.href,
    drop: () => execute(serverUrl, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  };
}

/** A nats-server of the test file's own: the names of streams are the platform's, so files can't share one. */
export async function createTestNats(options: Pick<NatsOptions, 'user'> = {}): Promise<NatsServer> {
  const directory = natsDirectory();
  return thrownAway(await startNats({ directory, ...options }), directory);
}

/** The same with the users of a deployment and their permissions. */
export async function createTestNatsWithAccounts(): Promise<NatsServerWithAccounts> {
  const directory = natsDirectory();
  return thrownAway(await startNatsWithAccounts({ directory }), directory);
}

function natsDirectory(): string {
  return join(testRun().directory, `nats-${randomUUID().slice(0, 8)}`);
}

function thrownAway<Server extends NatsServer>(server: Server, directory: string): Server {
  return {
    ...server,
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** Runs one statement on a connection of its own. */
export async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
