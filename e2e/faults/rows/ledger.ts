import { setTimeout as delay } from 'node:timers/promises';
import { recordOff, redeliveryOff } from '../controls.ts';
import { awaitCondition } from '../patience.ts';
import type { Moment } from '../postgres-proxy.ts';
import { graceSeconds } from '../site.ts';
import { hurryUp, type Row, redeliveries, type Trial } from '../trial.ts';

export const kill: Row = {
  id: 'kill',
  fault: 'SIGKILL the ledger at random',
  times: { full: 200, tenth: 20 },
  async run(trial) {
    const { site, customers, random } = trial;
    const [ledger] = site.ledgers;
    await trial.repeatedly(async (round) => {
      const load = customers.startLoad();
      await delay(random.integer(50, 500));
      await ledger.process.kill();
      await ledger.start();
      await load.stop();
      // Once it takes as long as in production.
      await trial.recover({ hurry: round > 0 || trial.isControl });
    });
    trial.count('redelivered', await redeliveries(site));
  },
  control: recordOff,
};

/** A purchase's transaction, in contrast to the relay's. */
const isPosting = ({ statements }: Moment) => statements.has('insert_outbox');

/** Kills the ledger at a moment under load, and starts it again. */
async function killAt(trial: Trial, isMoment: (moment: Moment) => boolean): Promise<void> {
  const { site, customers } = trial;
  const [ledger] = site.ledgers;
  const load = customers.startLoad({ callers: 8, deeds: ['earn', 'publish', 'publish'] });
  await ledger.proxy.trap((moment) => {
    if (!isMoment(moment)) return 'pass';
    ledger.process.signal('SIGKILL');
    return 'hold';
  });
  await ledger.process.ended();
  await ledger.start();
  await load.stop();
  await trial.recover();
}

/** Waits until the fault has hit messages, and not only calls. */
async function requireRedelivery(trial: Trial): Promise<void> {
  const redelivered = await redeliveries(trial.site);
  trial.count('redelivered', redelivered);
  if (redelivered === 0 && !trial.isControl) trial.problem('nothing was redelivered');
}

export const beforeCommit: Row = {
  id: 'before-commit',
  fault: 'kill the ledger before COMMIT',
  times: { full: 50, tenth: 5 },
  async run(trial) {
    await trial.repeatedly(() =>
      killAt(trial, (moment) => moment.at === 'commit' && isPosting(moment)),
    );
    await requireRedelivery(trial);
  },
  control: redeliveryOff,
};

export const beforeAck: Row = {
  id: 'before-ack',
  fault: 'kill the ledger after COMMIT, before the ack',
  times: { full: 50, tenth: 5 },
  async run(trial) {
    await trial.repeatedly(() =>
      killAt(trial, (moment) => moment.at === 'committed' && isPosting(moment)),
    );
    await requireRedelivery(trial);
  },
  control: recordOff,
};

export const freeze: Row = {
  id: 'freeze',
  fault: 'SIGSTOP a ledger in mid-transaction past ack_wait, then SIGCONT',
  times: { full: 10, tenth: 2 },
  site: { ledgers: 2 },
  async run(trial) {
    const { site, customers } = trial;
    const [frozen] = site.ledgers;
    await trial.repeatedly(async () => {
      await hurryUp(site);
      const before = await redeliveries(site);
      const load = customers.startLoad({ callers: 8, deeds: ['earn', 'publish', 'publish'] });
      await frozen.proxy.trap((moment) => {
        if (moment.at !== 'commit' || !isPosting(moment)) return 'pass';
        // Its transaction has locked and written, and COMMIT has been sent but not passed on.
        frozen.process.signal('SIGSTOP');
        return 'hold';
      });
      await delay(500);
      await load.stop();
      try {
        await awaitCondition(
          'what the frozen ledger had fetched',
          async () => (await redeliveries(site)) - before,
          { satisfies: (redelivered) => redelivered > 0, limitMs: 40_000 },
        );
        await awaitCondition('the end of the frozen transaction', () => openTransactions(trial), {
          satisfies: (open) => open === 0,
          limitMs: 40_000,
        });
      } catch (error) {
        trial.problem((error as Error).message);
      } finally {
        frozen.process.signal('SIGCONT');
      }
      await trial.recover();
    });
    await requireRedelivery(trial);
  },
  control: recordOff,
};

async function openTransactions({ site }: Trial): Promise<number> {
  const [row] = await site.execute<{ open: number }>(
    `SELECT count(*)::int AS open FROM pg_stat_activity
    WHERE application_name = 'loyalty-ledger' AND state LIKE 'idle in transaction%'`,
  );
  return row?.open ?? 0;
}

export const terminate: Row = {
  id: 'terminate',
  fault: 'SIGTERM one of two ledgers under load',
  times: { full: 20, tenth: 2 },
  site: { ledgers: 2 },
  async run(trial) {
    const { site, customers, isControl } = trial;
    await trial.repeatedly(async (round) => {
      const ledger = site.ledgers[round % 2] ?? site.ledgers[0];
      const load = customers.startLoad({ deeds: ['earn', 'earn', 'redeem'] });
      await delay(300);
      const began = performance.now();
      ledger.process.signal(isControl ? 'SIGKILL' : 'SIGTERM');
      const exitCode = await ledger.process.ended();
      const tookMs = performance.now() - began;
      await delay(300);
      await ledger.start();
      await delay(300);
      await load.stop();
      const failed = [...customers.errors].filter(([reason]) => reason !== 'INSUFFICIENT_POINTS');
      if (exitCode !== 0) trial.problem(`the exit code was ${exitCode}`);
      if (tookMs > graceSeconds * 1_000) trial.problem(`the end took ${Math.round(tookMs)} ms`);
      if (failed.length > 0) trial.problem(`failed calls: ${JSON.stringify(failed)}`);
      await trial.recover();
    });
  },
  control: {
    off: 'the orderly end (SIGKILL), and retries of clients',
    shows: /^failed calls/,
    customers: { retries: false },
  },
};
