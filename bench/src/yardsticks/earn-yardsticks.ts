import { ensureDatabase } from '@loyalty/local/databases.ts';
import pg from 'pg';
import type { Bench } from '../bench.ts';
import { earnPlanner, type PlanLoad } from '../load/earn-plan.ts';
import { measureLoad } from '../load/measure-load.ts';
import type { BenchMachine } from '../machine/bench-machine.ts';
import { host, startChildService } from '../machine/child-service.ts';
import { postgresMeter, serviceMeter } from '../machine/meters.ts';
import type { Contestant } from '../row.ts';
import { scalar } from '../scalar.ts';

/** E, once for all rows. */
export function emptyService(bench: Bench): Promise<Contestant> {
  return bench.shared('E', () =>
    createYardstick(bench, {
      id: 'E',
      title: 'empty handler over the same transport',
      name: 'empty',
    }),
  );
}

/** B, once for all rows. */
export function bareService(bench: Bench): Promise<Contestant> {
  return bench.shared('B', () =>
    createYardstick(bench, {
      id: 'B',
      title: 'node:http2 alone, the same bytes',
      name: 'bare',
    }),
  );
}

/** A service that responds to earns and stores nothing. */
async function createYardstick(
  { machine }: Bench,
  { id, title, name }: { id: string; title: string; name: string },
): Promise<Contestant> {
  const plan = earnPlanner({ contestantId: id, token: await machine.token('service') });
  const service = await startChildService(machine, {
    name,
    main: `bench/src/yardsticks/${name}-main.ts`,
    settings: (ports) => ({ args: [JSON.stringify({ host, ...ports, tokens: machine.tokens })] }),
  });
  const meters = [serviceMeter(service), postgresMeter(machine)];
  return { id, title, measure: (window) => measureLoad(plan(window, service.address), meters) };
}

/** Starts N, with an account for each user. */
export async function createNaiveService(
  machine: BenchMachine,
  options: { plan: PlanLoad; programId: string; userIds: readonly string[] },
): Promise<Contestant> {
  const databaseUrl = await ensureDatabase(machine.postgres, 'naive');
  await createTables(databaseUrl, options);
  const service = await startChildService(machine, {
    name: 'naive',
    main: 'bench/src/yardsticks/naive-main.ts',
    settings: (ports) => ({
      args: [JSON.stringify({ host, ...ports, tokens: machine.tokens, databaseUrl })],
    }),
  });
  let acknowledged = 0;
  return {
    id: 'N',
    title: 'naive service, one transaction per earn',
    async measure(window) {
      const plan = options.plan(window, service.address);
      const measurement = await measureLoad(plan, [serviceMeter(service), postgresMeter(machine)]);
      acknowledged += measurement.acknowledged;
      return measurement;
    },
    async verify() {
      const stored = await scalar(databaseUrl, 'SELECT count(*) FROM earns');
      if (stored !== acknowledged) {
        throw new Error(`The naive service acknowledged ${acknowledged} earns, stored ${stored}`);
      }
      return `N: ${stored.toLocaleString('en')} earns acknowledged and stored`;
    },
  };
}

async function createTables(
  url: string,
  { programId, userIds }: { programId: string; userIds: readonly string[] },
): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(`
      CREATE TABLE accounts (
        program_id text, user_id text, balance bigint NOT NULL, PRIMARY KEY (program_id, user_id)
      );
      CREATE TABLE earns (
        program_id text, transaction_id text, user_id text NOT NULL, points bigint NOT NULL,
        amount bigint NOT NULL, currency_code text NOT NULL,
        create_time timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (program_id, transaction_id)
      )`);
    await client.query(
      'INSERT INTO accounts SELECT $1, user_id, 0 FROM unnest($2::text[]) AS user_id',
      [programId, userIds],
    );
  } finally {
    await client.end();
  }
}
