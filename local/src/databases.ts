import pg from 'pg';
import type { PostgresServer } from './postgres-server.ts';

/** Creates a service's database, owned by a role of the service's own, where it doesn't exist. Answers its URL. */
export async function ensureDatabase(server: PostgresServer, name: string): Promise<string> {
  const client = new pg.Client(server.url('postgres'));
  await client.connect();
  try {
    const identifier = pg.escapeIdentifier(name);
    const role = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    // CREATEROLE, because migrations make the roles that services work in.
    if (role.rowCount === 0) await client.query(`CREATE ROLE ${identifier} LOGIN CREATEROLE`);
    const database = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (database.rowCount === 0) {
      await client.query(`CREATE DATABASE ${identifier} OWNER ${identifier}`);
    }
  } finally {
    await client.end();
  }
  const url = new URL(server.url(name));
  url.username = name;
  return url.href;
}
