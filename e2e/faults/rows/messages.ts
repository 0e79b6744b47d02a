import { setTimeout as delay } from 'node:timers/promises';
import { markBeforePublish } from '../controls.ts';
import { awaitCondition } from '../patience.ts';
import type { Moment } from '../postgres-proxy.ts';
import { type Control, hurryUp, type Row, type Trial } from '../trial.ts';

export const natsKill: Row = {
  id: 'nats-kill',
  fault: 'kill -9 nats-server under load',
  times: { full: 20, tenth: 2 },
  async run(trial) {
    const { site, customers, random, isControl } = trial;
    await trial.repeatedly(async () => {
      const load = customers.startLoad({ deeds: ['publish', 'publish', 'earn'] });
      await delay(random.integer(100, 500));
      await site.natsServer.kill();
      if (isControl) await site.natsServer.loseFiles();
      await site.natsServer.start();
      await load.stop();
      await trial.recover();
    });
  },
  control: { off: 'the streams’ files', shows: 'lost' },
};

const poisonEvery = 500;

export const poison: Row = {
  id: 'poison',
  fault: 'one message in 500 can’t be read',
  times: { full: 10, tenth: 1 },
  async run(trial) {
    const { site, customers, random } = trial;
    let poisoned = 0;
    let dead = 0;
    await trial.repeatedly(async () => {
      const bad = random.integer(0, poisonEvery - 1);
      const messages = Array.from({ length: poisonEvery }, (_, index) =>
        index === bad ? customers.publishPoison() : customers.publish(random.pick(customers.users)),
      );
      await Promise.all(messages);
      poisoned += 1;
      await trial.recover();
      const [row] = await site.execute<{ count: number }>(
        "SELECT count(*)::int AS count FROM dead_letters WHERE state = 'DEAD'",
      );
      dead = row?.count ?? 0;
      if (dead !== poisoned) {
        trial.problem(`${dead} dead letters for ${poisoned} unreadable messages`);
      }
    });
    trial.count('dead letters', dead);
  },
  control: {
    off: 'dead letters',
    shows: /^0 dead letters/,
    apply: async ({ execute }) => {
      await execute('REVOKE INSERT ON dead_letters FROM ledger_app');
    },
  },
};

/** The relay has had rows stored by JetStream, and is about to delete them. */
const isMarking = ({ at, statement }: Moment) =>
  at === 'statement' && statement === 'outbox-delete';
/** The relay has leased rows, which in the control deletes them, and is about to publish them. */
const isPublishing = ({ at, statement, rows }: Moment) =>
  at === 'changed' && statement === 'outbox-lease' && rows > 0;

const orderOff: Control = {
  off: 'the order: rows are marked before they are published',
  shows: 'lost',
  apply: markBeforePublish,
};

export const beforeMark: Row = {
  id: 'before-mark',
  fault: 'kill the ledger after the publish, before the outbox is marked',
  times: { full: 50, tenth: 5 },
  async run(trial) {
    const { site, customers, isControl } = trial;
    const [ledger] = site.ledgers;
    await trial.repeatedly(async () => {
      const load = customers.startLoad({ callers: 8 });
      await ledger.proxy.trap((moment) => {
        if (!(isControl ? isPublishing : isMarking)(moment)) return 'pass';
        ledger.process.signal('SIGKILL');
        return 'hold';
      });
      await ledger.process.ended();
      trial.count('republished', await leasedRows(trial));
      await ledger.start();
      await load.stop();
      await trial.recover();
    });
  },
  control: orderOff,
};

export const relays: Row = {
  id: 'relays',
  fault: 'two relays, one frozen between the publish and the mark',
  times: { full: 10, tenth: 1 },
  site: { ledgers: 2 },
  async run(trial) {
    const { site, customers, isControl } = trial;
    const [frozen] = site.ledgers;
    await trial.repeatedly(async () => {
      await hurryUp(site);
      const load = customers.startLoad({ callers: 8 });
      await frozen.proxy.trap((moment) => {
        if (!(isControl ? isPublishing : isMarking)(moment)) return 'pass';
        frozen.process.signal('SIGSTOP');
        return 'hold';
      });
      trial.count('leased by the frozen relay', await leasedRows(trial));
      await delay(500);
      await load.stop();
      // The other ledger takes over the frozen one's rows once their lease has ended.
      try {
        await awaitCondition('the other relay', () => outboxRows(trial), {
          satisfies: (rows) => rows === 0,
          limitMs: 60_000,
        });
      } catch (error) {
        trial.problem((error as Error).message);
      }
      frozen.process.signal(isControl ? 'SIGKILL' : 'SIGCONT');
      await trial.recover();
    });
  },
  control: orderOff,
};

function leasedRows(trial: Trial): Promise<number> {
  return countOf(trial, 'WHERE leased_until > now()');
}

function outboxRows(trial: Trial): Promise<number> {
  return countOf(trial, '');
}

async function countOf({ site }: Trial, condition: string): Promise<number> {
  const [row] = await site.execute<{ rows: number }>(
    `SELECT count(*)::int AS rows FROM outbox ${condition}`,
  );
  return row?.rows ?? 0;
}
