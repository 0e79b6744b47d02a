import pg from 'pg';
import type { PostgresServer } from './postgres-server.ts';

/**
 * Creates a service's database, owned by a role of the service's own, where it doesn't exist. Returns its URL. A second
 * database of a service has the owner of the first.
 */
export async function ensureDatabase(
  server: Pick<PostgresServer, 'url' | 'passwordOf'>,
  name: string,
  { owner = name }: { owner?: string } = {},
): Promise<string> {
  const client = new pg.Client(server.url('postgres'));
  await client.connect();
  try {
    const identifier = pg.escapeIdentifier(name);
    const role = pg.escapeIdentifier(owner);
    const roles = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [owner]);
    if (roles.rowCount === 0) await client.query(`CREATE ROLE ${role}`);
    const password = pg.escapeLiteral(server.passwordOf(owner));
    // CREATEROLE, because migrations make the roles that services work in.
    await client.query(`ALTER ROLE ${role} LOGIN CREATEROLE PASSWORD ${password}`);
    const database = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (database.rowCount === 0) {
      await client.query(`CREATE DATABASE ${identifier} OWNER ${role}`);
    }
  } finally {
    await client.end();
  }
  return server.url(name, owner);
}
