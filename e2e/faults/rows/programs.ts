import { setTimeout as delay } from 'node:timers/promises';
import type { Row } from '../trial.ts';

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
