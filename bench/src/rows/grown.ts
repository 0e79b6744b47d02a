// Earns in a ledger that has a past of years, next to an empty one.
import { execute } from '@loyalty/local/test-environment.ts';
import type { Bench } from '../bench.ts';
import { earnLoad, memberCount } from '../load/earn-plan.ts';
import { userIdWidth } from '../load/members.ts';
import { repeatEarns, repeatMembers } from '../machine/past-earns.ts';
import type { Row } from '../row.ts';
import { earnContestant } from './earn-contestants.ts';
import { type LedgerUnderTest, startLedger, startLedgers, usualCents } from './ledgers.ts';

const id = 'grown';
const earnsEach = 10;
/** A tenth in a quick run, which only shows that the row works. */
const memberFactor = (isQuick: boolean) => (isQuick ? 10 : 100);

export const grownRow: Row = {
  id,
  title: `${earnLoad} and 99 times as many, 10 million earns already there`,
  unit: 'earns',
  isShared: false,
  isOnlyNamed: true,
  aims: [{ against: 'F', atLeast: 0.85 }],
  async prepare(bench) {
    const ledgers = await startLedgers(bench, {
      name: id,
      state: 'new',
      firstPurchaseCents: usualCents,
    });
    for (const ledger of ledgers) await grow(bench, ledger);
    const fresh = await startLedger(bench.machine, { name: `${id}-new`, state: 'new' });
    const members = memberCount * memberFactor(bench.isQuick);
    const contestants = ledgers.map((ledger) => earnContestant(bench, ledger, { id, members }));
    return {
      contestants: await Promise.all(contestants),
      yardsticks: [await earnContestant(bench, fresh, { id: 'F', title: 'the ledger, empty' })],
    };
  },
};

async function grow({ isQuick }: Bench, { services }: LedgerUnderTest): Promise<void> {
  const { ledgerDatabaseUrl } = services;
  await services.restartLedger(async () => {
    await repeatMembers(ledgerDatabaseUrl, { times: memberFactor(isQuick), userIdWidth });
    await repeatEarns(ledgerDatabaseUrl, earnsEach);
    // What autovacuum has done in years, so that it doesn't do it in the first round.
    await execute(ledgerDatabaseUrl, 'VACUUM ANALYZE');
  });
}
