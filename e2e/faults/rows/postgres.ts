import { setTimeout as delay } from 'node:timers/promises';
import { commitWithoutDisk, recordOff, redeliveryOff } from '../controls.ts';
import { awaitCondition } from '../patience.ts';
import { programId } from '../program.ts';
import type { Control, Row, Trial } from '../trial.ts';

/** Ends PostgreSQL under load, and starts it again. */
async function restartUnderLoad(trial: Trial, end: () => Promise<void>): Promise<void> {
  const { customers, site, random } = trial;
  const load = customers.startLoad();
  await delay(random.integer(100, 500));
  await end();
  await site.postgres.start();
  await load.stop();
  await trial.recover();
}

const withoutDisk: Control = { off: 'synchronous_commit', shows: 'lost', apply: commitWithoutDisk };

export const postgresImmediate: Row = {
  id: 'postgres-immediate',
  fault: 'stop PostgreSQL with -m immediate',
  times: { full: 20, tenth: 2 },
  run: (trial) =>
    trial.repeatedly(() => restartUnderLoad(trial, trial.site.postgres.stopImmediately)),
  control: withoutDisk,
};

export const postgresKill: Row = {
  id: 'postgres-kill',
  fault: 'kill -9 all of PostgreSQL',
  times: { full: 20, tenth: 2 },
  run: (trial) => trial.repeatedly(() => restartUnderLoad(trial, trial.site.postgres.kill)),
  control: withoutDisk,
};

export const cutCommit: Row = {
  id: 'cut-commit',
  fault: 'pass on COMMIT and cut off its response',
  times: { full: 100, tenth: 10 },
  async run(trial) {
    const { site, customers, random } = trial;
    const [{ proxy }] = site.ledgers;
    await trial.repeatedly(async () => {
      const load = customers.startLoad({ callers: 8 });
      await delay(random.integer(50, 200));
      await proxy.trap(({ at, statements }) =>
        at === 'committed' && statements.has('insert_outbox') ? 'cut' : 'pass',
      );
      await load.stop();
      await trial.recover();
    });
  },
  control: recordOff,
};

const awayMs = 6_000;

export const databaseAway: Row = {
  id: 'database-away',
  fault: 'the database is away for 6 s (60 s in a full run)',
  times: { full: 10, tenth: 1 },
  site: { gateway: true },
  async run(trial) {
    const { customers, times } = trial;
    await trial.once(async () => {
      const load = customers.startLoad({ callers: 4, deeds: ['publish'], betweenMs: 20 });
      await stopForAWhile(trial, times * awayMs);
      await load.stop();
      await trial.recover();
      const dead = await deadLetters(trial);
      trial.count('dead letters', dead);
      if (dead > 0) trial.problem(`${dead} messages became dead letters`);
    });
  },
  control: redeliveryOff,
};

async function stopForAWhile(trial: Trial, forMs: number): Promise<void> {
  const { postgres } = trial.site;
  await postgres.stop();
  const over = delay(forMs);
  await requireUnavailable(trial);
  await over;
  await postgres.start();
}

async function deadLetters({ site }: Trial): Promise<number> {
  const [row] = await site.execute<{ dead: number }>(
    'SELECT count(*)::int AS dead FROM dead_letters',
  );
  return row?.dead ?? 0;
}

async function requireUnavailable(trial: Trial): Promise<void> {
  const { site } = trial;
  const headers = { Authorization: `Bearer ${await site.token('service')}` };
  const url = `${site.gatewayUrl}/v1/programs/${programId}/members/user-0/balance`;
  try {
    await awaitCondition(
      '503 from the gateway',
      async () => (await fetch(url, { headers })).status,
      {
        satisfies: (status) => status === 503,
        limitMs: awayMs,
      },
    );
  } catch (error) {
    trial.problem((error as Error).message);
  }
}
