// What becomes of instants when replicas disagree about the time, and when time passes while a lock is waited for.
import { afterEach, expect, test } from '@jest/globals';
import {
  aProgram,
  aPurchase,
  aRedemption,
  cause,
  rewards,
  startUseCases,
} from './commit-fixture.ts';

let ledger: Awaited<ReturnType<typeof startUseCases>>;

// Which looks at all invariants of the ledger.
afterEach(async () => {
  await ledger.stop();
});

const glass = {
  programId: 'wine-dine',
  rewardId: 'glass',
  price: { case: 'fixed' as const, value: { points: 10n } },
};

/** When the lines of a member's journal were written, from the oldest on. */
async function linesOf(userId: string): Promise<{ kind: string; create_time: Date }[]> {
  const { rows } = await ledger.pool.query(
    `SELECT kind, create_time FROM entries JOIN memberships USING (membership_id)
    WHERE user_id = $1 ORDER BY sequence`,
    [userId],
  );
  return rows;
}

test('a replica whose clock is ahead ages nobody but the members whom it writes for', async () => {
  ledger = await startUseCases(aProgram({ rewards: rewards(glass) }));
  const ahead = ledger.addReplica({ aheadMs: 3_600_000 });
  ledger.setClock(new Date('2026-03-01T12:00:00Z'));
  const purchaseOf = (userId: string) => aPurchase({ userId, minorUnits: 100_000n });
  await Promise.all(['alice', 'bob'].map((userId) => ledger.earn(purchaseOf(userId), cause)));
  await ahead.earn(purchaseOf('alice'), cause);
  const hold = aRedemption({ userId: 'bob', capture: 'HOLD', holdSeconds: 900 });
  const { redemptionId } = (await ledger.redeem(hold, cause)).redemption;
  ledger.setClock(new Date('2026-03-01T12:01:00Z'));
  const captured = { programId: 'wine-dine', userId: 'bob', redemptionId };
  // In one transaction, because they come together.
  await Promise.all([
    ledger.earn(purchaseOf('alice'), cause),
    ledger.capture({ ...captured, part: { kind: 'ALL' } }, cause),
  ]);
  expect((await linesOf('alice')).at(-1)).toEqual({
    kind: 'EARN',
    create_time: new Date('2026-03-01T13:00:00Z'),
  });
  expect((await linesOf('bob')).at(-1)).toEqual({
    kind: 'CAPTURE',
    create_time: new Date('2026-03-01T12:01:00Z'),
  });
});
