import { MemberLimit_Period as Period } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  author,
  goldTier,
  rewards,
  startUseCases,
} from './commit-fixture.ts';

/** Points mature after 14 days and live for 30 more. A glass is limited, cheese isn't. */
const program = aProgram({
  ruleSets: [
    aRuleSet({
      maturation: { policy: { case: 'after', value: { days: 14 } } },
      expiry: { policy: { case: 'after', value: { period: { case: 'days', value: 30 } } } },
    }),
  ],
  rewards: rewards(
    {
      programId: 'wine-dine',
      rewardId: 'glass',
      displayName: 'A glass',
      price: { case: 'fixed', value: { points: 10n } },
      stock: { limit: 100n },
      memberLimit: { count: 10, period: Period.MONTH },
    },
    {
      programId: 'wine-dine',
      rewardId: 'cheese',
      displayName: 'A cheese platter',
      price: { case: 'fixed', value: { points: 10n } },
    },
  ),
});

const member = (userId: string) => ({ programId: 'wine-dine', userId });

/** A ledger in which everything that can happen has happened, with holds, debts and waiting refunds left open. */
export async function startBusyLedger() {
  const ledger = await startUseCases(program);
  const earn = (userId: string, transactionId: string, minorUnits: bigint, occurTime: string) =>
    ledger.earn(
      aPurchase({ userId, transactionId, minorUnits, occurTime: new Date(occurTime) }),
      author,
    );
  const redeem = async (changes: Parameters<typeof aRedemption>[0]) =>
    (await ledger.redeem(aRedemption(changes), author)).redemption.redemptionId;
  const refund = (transactionId: string, minorUnits?: bigint) =>
    ledger.reverseEarn(
      {
        programId: 'wine-dine',
        transactionId,
        refundId: 'refund-1',
        extent:
          minorUnits === undefined
            ? { kind: 'FULL' }
            : {
                kind: 'AMOUNT',
                amount: { currencyCode: 'USD', minorUnits },
              },
      },
      author,
    );

  ledger.setClock(new Date('2026-03-01T12:00:00Z'));
  await refund('order-unknown');
  await earn('alice', 'order-1', 25_000n, '2026-03-01');
  await earn('bob', 'order-2', 100_000n, '2026-03-01');
  await earn('carol', 'order-3', 50_000n, '2026-01-01');
  await refund('order-3', 20_000n);
  await earn('dave', 'order-4', 50_000n, '2026-03-01');
  await ledger.leave({ ...member('dave'), byMember: true }, author);
  ledger.setClock(new Date('2026-03-05T12:00:00Z'));
  await earn('alice', 'order-5', 200_000n, '2026-03-05');

  ledger.setClock(new Date('2026-03-20T12:00:00Z'));
  await ledger.bringDueUpToDate(100);
  await ledger.suspend(member('alice'), author);
  await ledger.resume(member('alice'), author);
  const cheese = await redeem({ userId: 'alice', rewardId: 'cheese', quantity: 3 });
  const captured = await redeem({ userId: 'alice', quantity: 3, capture: 'HOLD' });
  const cancelled = await redeem({ userId: 'alice', capture: 'HOLD' });
  await redeem({ userId: 'alice', capture: 'HOLD' });
  await ledger.capture(
    {
      ...member('alice'),
      redemptionId: captured,
      part: { kind: 'QUANTITY', quantity: 1 },
    },
    author,
  );
  await ledger.cancel({ ...member('alice'), redemptionId: cancelled, byMember: false }, author);
  await ledger.reverse(
    {
      ...member('alice'),
      redemptionId: cheese,
      idempotencyKey: 'reverse-1',
      part: { kind: 'QUANTITY', quantity: 1 },
    },
    author,
  );
  await refund('order-5', 100_000n);
  await earn('alice', 'order-6', 50_000n, '2026-03-20');
  for (const points of [7n, -5n]) {
    await ledger.adjust(
      {
        ...member('alice'),
        idempotencyKey: `adjust ${points}`,
        points,
        reason: 'a correction',
        allowDeficit: false,
      },
      author,
    );
  }
  await redeem({ userId: 'bob', quantity: 4 });
  await refund('order-2');
  await redeem({ userId: 'bob' }).catch(() => 'refused');
  await ledger.update({ ...member('carol'), attributes: goldTier, etags: [] }, author);
  return ledger;
}
