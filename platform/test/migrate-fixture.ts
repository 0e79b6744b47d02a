// A process that migrates and is killed over it, for migrations.test.ts.
import { createKnex } from '../src/postgres/knex.ts';
import { migrate } from '../src/postgres/migrations.ts';

const [url = '', directory = ''] = process.argv.slice(2);
const knex = createKnex({ url, max: 1, applicationName: 'doomed' });
await migrate(knex, directory);
await knex.destroy();
