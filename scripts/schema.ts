// npm run schema: writes each service's schema.sql from its migrations.
import { dumpedSchemas, writeSchema } from './database-schema.ts';

for (const schema of await dumpedSchemas()) {
  await writeSchema(schema);
  console.log(`${schema.file}: ${schema.isStale ? 'changed' : 'as it was'}`);
}
