import { ensureDatabase } from '@loyalty/local/databases.ts';
import pg from 'pg';
import { measureService } from '../load/measure-service.ts';
import type { LoadPlan } from '../load/run-load.ts';
import { host, startChildService } from '../machine/child-service.ts';
import type { Stage } from '../machine/stage.ts';
import type { Contestant, Window } from '../row.ts';
import { scalar } from '../scalar.ts';

/** The load for a round; each must bring transactions that weren't there before. */
export type PlanEarns = (window: Window) => Omit<LoadPlan, 'address'>;

/** Starts E. */
export async function createEmptyService(stage: Stage, plan: PlanEarns): Promise<Contestant> {
  const service = await startChildService(stage, {
    name: 'empty',
    main: 'bench/src/yardsticks/empty-main.ts',
    settings: (ports) => ({ args: [JSON.stringify({ host, ...ports, tokens: stage.tokens })] }),
  });
  return {
    id: 'E',
    title: 'empty handler behind the same door',
    measure: (window) => measureService({ stage, service }, plan(window)),
  };
}

export interface NaiveService extends Contestant {
  /** @throws {Error} when not each acknowledged earn is stored, or more are */
  verify(): Promise<void>;
}

/** Starts N, with an account for each user. */
export async function createNaiveService(
  stage: Stage,
  options: { plan: PlanEarns; programId: string; userIds: readonly string[] },
): Promise<NaiveService> {
  const databaseUrl = await ensureDatabase(stage.postgres, 'naive');
  await createTables(databaseUrl, options);
  const service = await startChildService(stage, {
    name: 'naive',
    main: 'bench/src/yardsticks/naive-main.ts',
    settings: (ports) => ({
      args: [JSON.stringify({ host, ...ports, tokens: stage.tokens, databaseUrl })],
    }),
  });
  let acknowledged = 0;
  return {
    id: 'N',
    title: 'naive service, one transaction per earn',
    async measure(window) {
      const measurement = await measureService({ stage, service }, options.plan(window));
      acknowledged += measurement.acknowledged;
      return measurement;
    },
    async verify() {
      const stored = await scalar(databaseUrl, 'SELECT count(*) FROM earns');
      if (stored !== acknowledged) {
        throw new Error(`The naive service acknowledged ${acknowledged} earns, stored ${stored}`);
      }
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
