// What there is after a restore, before autovacuum has come by: every row, and no statistics.
import { earnLoad, memberCount } from '../load/earn-plan.ts';
import type { Row } from '../row.ts';
import { earnContestant } from './earn-contestants.ts';
import { restoredEarnsEach, startLedger, startLedgers, usualCents } from './ledgers.ts';

const id = 'earn-restored';
const restoredEarns = (memberCount * restoredEarnsEach).toLocaleString('en');

export const earnRestoredRow: Row = {
  id,
  title: `${earnLoad}, after a restore of ${restoredEarns} earns without statistics`,
  unit: 'earns',
  isShared: false,
  aims: [{ against: 'F', atLeast: 0.85 }],
  async prepare(bench) {
    const ledgers = await startLedgers(bench, {
      name: id,
      state: 'restored',
      firstPurchaseCents: usualCents,
    });
    const fresh = await startLedger(bench.machine, { name: `${id}-new`, state: 'unanalyzed' });
    const contestants = ledgers.map((ledger) => earnContestant(bench, ledger, { id }));
    const title = "the ledger on a new database that isn't analyzed";
    return {
      contestants: await Promise.all(contestants),
      yardsticks: [await earnContestant(bench, fresh, { id: 'F', title })],
    };
  },
};
