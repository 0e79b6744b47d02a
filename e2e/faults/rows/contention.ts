import { forgetRedemptions } from '../controls.ts';
import type { Row, Trial } from '../trial.ts';

const writers = 32;
const busyMembers = 50;

/** The number of writes that each writer makes. */
const writesEach = 30;

export const writersRow: Row = {
  id: 'writers',
  fault: '32 writers on 50 of 200 members, then on one, over two ledgers',
  times: { full: 10, tenth: 1 },
  site: { ledgers: 2 },
  customers: { members: 200 },
  async run(trial) {
    const { customers, random } = trial;
    await trial.repeatedly(async () => {
      for (const users of [customers.users.slice(0, busyMembers), customers.users.slice(0, 1)]) {
        const write = async () => {
          for (let count = 0; count < writesEach; count += 1) {
            const deed = random.pick(['earn', 'redeem', 'publish'] as const);
            await customers[deed](random.pick(users));
          }
        };
        await Promise.all(Array.from({ length: writers }, write));
      }
      const failed = [...customers.errors].filter(([reason]) => reason !== 'INSUFFICIENT_POINTS');
      if (failed.length > 0) trial.problem(`failed calls: ${JSON.stringify(failed)}`);
      await trial.recover();
      const deadlocks = await deadlocksIn(trial);
      trial.count('deadlocks', deadlocks);
      if (deadlocks > 0) trial.problem(`${deadlocks} deadlocks`);
    });
  },
  control: {
    off: 'the order of locks: each update also locks some other member',
    shows: /deadlocks$/,
    async apply({ execute }) {
      await execute("ALTER SYSTEM SET deadlock_timeout = '10ms'");
      await execute('SELECT pg_reload_conf()');
      await execute(`CREATE FUNCTION lock_another() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
          PERFORM 1 FROM memberships ORDER BY random() LIMIT 3 FOR UPDATE;
          RETURN NEW;
        END $$`);
      await execute(`CREATE TRIGGER lock_another BEFORE UPDATE ON memberships
        FOR EACH ROW EXECUTE FUNCTION lock_another()`);
    },
  },
};

async function deadlocksIn({ site }: Trial): Promise<number> {
  const [row] = await site.execute<{ deadlocks: number }>(
    `SELECT deadlocks::int AS deadlocks FROM pg_stat_database WHERE datname = 'ledger'`,
  );
  return row?.deadlocks ?? 0;
}

const crowd = 500;

export const sameRedeem: Row = {
  id: 'same-redeem',
  fault: '500 times the same redemption at once, over two ledgers',
  times: { full: 10, tenth: 1 },
  site: { ledgers: 2 },
  async run(trial) {
    const { customers } = trial;
    await trial.repeatedly(async (round) => {
      const userId = customers.users[round] ?? '';
      const before = await redemptionsIn(trial);
      const key = `same-${round}`;
      await Promise.all(Array.from({ length: crowd }, () => customers.redeem(userId, key)));
      await trial.recover();
      const made = (await redemptionsIn(trial)) - before;
      if (made !== 1) trial.problem(`${made} redemptions instead of 1`);
    });
  },
  control: {
    off: 'the record of redemptions',
    shows: /redemptions instead of 1$/,
    apply: forgetRedemptions,
  },
};

/** What everybody wants to spend one point of. */
const balance = 100;

export const overspend: Row = {
  id: 'overspend',
  fault: '500 different redemptions at once on a balance of 100, over two ledgers',
  times: { full: 10, tenth: 1 },
  site: { ledgers: 2 },
  async run(trial) {
    const { customers } = trial;
    await trial.repeatedly(async (round) => {
      const userId = customers.users[round] ?? '';
      // Each has the points of one purchase to begin with.
      for (let points = 5; points < balance; points += 5) await customers.earn(userId);
      const before = await redemptionsIn(trial);
      await Promise.all(Array.from({ length: crowd }, () => customers.redeem(userId)));
      await trial.recover();
      const spent = (await redemptionsIn(trial)) - before;
      if (spent !== balance) trial.problem(`${spent} points spent instead of ${balance}`);
    });
  },
  control: {
    off: 'the balance: what is spent stays available',
    shows: /offenses against I1/,
    async apply({ execute }) {
      await execute(`CREATE FUNCTION keep_points() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.available := greatest(NEW.available, OLD.available); RETURN NEW; END $$`);
      await execute(`CREATE TRIGGER keep_points BEFORE UPDATE ON memberships
        FOR EACH ROW EXECUTE FUNCTION keep_points()`);
    },
  },
};

async function redemptionsIn({ site }: Trial): Promise<number> {
  const [row] = await site.execute<{ redemptions: number }>(
    `SELECT count(*)::int AS redemptions FROM redemptions WHERE state = 'CAPTURED'`,
  );
  return row?.redemptions ?? 0;
}
