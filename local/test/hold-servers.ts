// Started by a test, which kills it: starts both servers in the directory given, and waits.
import { join } from 'node:path';
import { startNats } from '../src/nats-server.ts';
import { startPostgres } from '../src/postgres-server.ts';

const directory = process.argv[2] ?? '';
const postgres = await startPostgres({ directory: join(directory, 'postgres'), fsync: false });
const nats = await startNats({ directory: join(directory, 'nats') });
process.send?.({ ports: [postgres.port, Number(new URL(nats.url).port)] });
setInterval(() => {}, 1000);
