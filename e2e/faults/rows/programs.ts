import { setTimeout as delay } from 'node:timers/promises';
import { awaitCondition } from '../patience.ts';
import type { Row, Trial } from '../trial.ts';

export const programsAway: Row = {
  id: 'programs-away',
  fault: 'Programs is away, also while the ledger restarts',
  times: { full: 10, tenth: 1 },
  async run(trial) {
    const { site, customers, isControl } = trial;
    const [ledger] = site.ledgers;
    await trial.repeatedly(async () => {
      await site.programs.process.kill();
      await ledger.process.kill();
      if (isControl) await site.execute('DELETE FROM program_snapshots');
      await ledger.start();
      await reachLedger(trial);
      const known = new Map(customers.errors);
      const before = trial.log.size;
      const load = customers.startLoad();
      await delay(1_000);
      await load.stop();
      const refused = [...customers.errors].filter(
        ([reason, times]) => reason !== 'INSUFFICIENT_POINTS' && times > (known.get(reason) ?? 0),
      );
      if (refused.length > 0) trial.problem(`failed calls: ${JSON.stringify(refused)}`);
      trial.count('operations meanwhile', trial.log.size - before);
      await site.programs.start();
      await trial.recover();
    });
  },
  control: { off: 'the ledger’s own copy of the programs', shows: /^failed calls/ },
};

/** A channel whose server was away for long tries to connect only now and then, and fails its calls in between. */
async function reachLedger({ customers }: Trial): Promise<void> {
  const unreached = () => customers.errors.get('SERVICE_UNAVAILABLE') ?? 0;
  await awaitCondition(
    'a response of the ledger',
    async () => {
      const before = unreached();
      await customers.earn(customers.users[0] ?? '');
      return unreached() === before;
    },
    { satisfies: Boolean, limitMs: 30_000 },
  );
}
