import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import knex from 'knex';
import pg from 'pg';

/** A statement that the ledger sent. */
export interface Statement {
  /** The name under which it is prepared; those that knex writes have none. */
  readonly name: string | undefined;
  readonly text: string;
  readonly values: unknown[];
}

/**
 * Listens to what goes to the database while the work is done, so that no statement is written down that the ledger
 * doesn't send. Each is kept once for each number of rows that it is about.
 */
export async function recordStatements(work: () => Promise<void>): Promise<Statement[]> {
  const sent = new Map<string, Statement>();
  const clients = [...new Set([pg.Client, clientOfKnex()])];
  const queries = clients.map((client) => jest.spyOn(client.prototype, 'query'));
  await work();
  const calls = queries.flatMap(({ mock }) => mock.calls as unknown as Sent[]);
  for (const [statement, parameters] of calls) {
    const {
      text,
      name,
      values = [],
    } = typeof statement === 'string'
      ? { text: statement, name: undefined, values: Array.isArray(parameters) ? parameters : [] }
      : statement;
    if (!/\b(from|insert|update)\b/i.test(text)) continue;
    const [first] = values;
    const rows = Array.isArray(first) || Buffer.isBuffer(first) ? first.length : 0;
    sent.set(`${name ?? text} ${rows}`, { name, text, values });
  }
  for (const query of queries) query.mockRestore();
  return [...sent.values()];
}

/** Knex may have loaded another copy of the module than the tests. */
function clientOfKnex(): typeof pg.Client {
  return knex({ client: 'pg', connection: {} }).client.driver.Client;
}

type Sent = [statement: string | pg.QueryConfig, parameters?: unknown];

/** What a statement is called in messages. */
export function titleOf({ name, text }: Statement): string {
  return name ?? text.replace(/\s+/g, ' ');
}

/** The names of all statements that the source says. */
export async function namesInSource(): Promise<Set<string>> {
  const root = join(import.meta.dirname, '../../..');
  const storage = join(root, 'services/ledger/src/storage');
  const files = (await readdir(storage)).map((file) => join(storage, file));
  const names = new Set<string>();
  for (const file of [...files, join(root, 'platform/src/outbox/leases.ts')]) {
    const source = await readFile(file, 'utf8');
    for (const [, name = ''] of source.matchAll(said)) names.add(name);
  }
  return names;
}

/** `name: 'read_lots'`, `const name = 'read_lots'` or `statement('read_lots'`. */
const said = /(?:\bname(?::| =)|\.statement\()\s*'([a-z][a-z_-]*)'/g;
