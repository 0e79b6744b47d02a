// What there is before autovacuum has come by for the first time: tables that grow, and plans made while they were empty.
import { earnLoad } from '../load/earn-plan.ts';
import type { Row } from '../row.ts';
import { earnContestant } from './earn-contestants.ts';
import { startLedgers } from './ledgers.ts';

const id = 'earn-unanalyzed';

export const earnUnanalyzedRow: Row = {
  id,
  title: `${earnLoad}, on a new database that isn't analyzed`,
  unit: 'earns',
  isShared: false,
  aims: [],
  async prepare(bench) {
    const ledgers = await startLedgers(bench, { name: id, state: 'unanalyzed' });
    const contestants = ledgers.map((ledger) => earnContestant(bench, ledger, { id }));
    return { contestants: await Promise.all(contestants), yardsticks: [] };
  },
};
