// The tables that a service's migrations lead to, as pg_dump prints them. Both PostgreSQL and pg_dump
// run inside this process, so the matching pg_dump isn't needed.
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';
import { root } from './commands.ts';

const services = ['services/programs', 'services/ledger', 'services/webhooks'];

/** A service's schema.sql, from the project's top, and what it should be. */
export interface DumpedSchema {
  readonly file: string;
  readonly content: string;
  readonly isStale: boolean;
}

/** Applies the migrations of each service to an empty database; throws PostgreSQL's error when one fails. */
export async function dumpedSchemas(): Promise<DumpedSchema[]> {
  const migrated = services.filter((service) => existsSync(join(root, service, 'migrations')));
  return Promise.all(
    migrated.map(async (service) => {
      const file = join(service, 'schema.sql');
      const content = await dump(join(root, service, 'migrations'));
      const present = await readFile(join(root, file), 'utf8').catch(() => '');
      return { file, content, isStale: content !== present };
    }),
  );
}

/** Brings the file up to date. */
export async function writeSchema({ file, content }: DumpedSchema): Promise<void> {
  await writeFile(join(root, file), content);
}

async function dump(migrations: string): Promise<string> {
  const database = await PGlite.create();
  try {
    const names = (await readdir(migrations)).filter((name) => name.endsWith('.sql')).toSorted();
    for (const name of names) {
      const sql = await readFile(join(migrations, name), 'utf8');
      await database.exec(sql).catch((cause: unknown) => {
        throw new Error(`${join(migrations, name)}: ${String(cause)}`, { cause });
      });
    }
    const file = await pgDump({ pg: database, args: ['--schema-only', '--no-owner'] });
    return tidy(await file.text());
  } finally {
    await database.close();
  }
}

/** Leaves out what is about the dump and not about the tables: versions, settings, owners. */
function tidy(text: string): string {
  const firstObject = text.indexOf('--\n-- Name:');
  const body = text
    .slice(firstObject)
    .replace(/; Owner: .*$/gm, '')
    .replace(/^--\n-- PostgreSQL database dump complete[\s\S]*$/m, '')
    .replace(/^SET default_.*\n/gm, '')
    .replace(/\n{3,}/g, '\n\n');
  return `-- Dumped from the migrated database by \`npm run schema\`. Change it by a new migration.\n\n${body.trim()}\n`;
}
