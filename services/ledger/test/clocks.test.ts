// What becomes of instants when replicas disagree about the time, and when time passes while a lock is waited for.
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { afterEach, expect, test } from '@jest/globals';
import { MemberLimit_Period } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { Cap_Period } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  author,
  rewards,
  startUseCases,
} from './commit-fixture.ts';
import { beginElsewhere } from './other-transaction.ts';

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

/** When the entries of a member's journal were written, from the oldest on. */
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
  await Promise.all(['alice', 'bob'].map((userId) => ledger.earn(purchaseOf(userId), author)));
  await ahead.earn(purchaseOf('alice'), author);
  const hold = aRedemption({ userId: 'bob', capture: 'HOLD', holdSeconds: 900 });
  const { redemptionId } = (await ledger.redeem(hold, author)).redemption;
  ledger.setClock(new Date('2026-03-01T12:01:00Z'));
  const captured = { programId: 'wine-dine', userId: 'bob', redemptionId };
  // In one database transaction, because they come together.
  await Promise.all([
    ledger.earn(purchaseOf('alice'), author),
    ledger.capture({ ...captured, part: { kind: 'ALL' } }, author),
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

/** What comes of `work` when somebody has all memberships locked until the clock says `time`. */
async function delayedUntil<Result>(time: Date, work: () => Promise<Result>): Promise<Result> {
  const other = await beginElsewhere(ledger.databaseUrl);
  try {
    await other.query('SELECT 1 FROM memberships FOR UPDATE');
    const result = work();
    await other.waitedFor();
    ledger.setClock(time);
    await other.query('COMMIT');
    return await result;
  } finally {
    await other.end();
  }
}

const beforeMidnight = new Date('2026-03-01T23:59:59.900Z');
const midnight = new Date('2026-03-02T00:00:00.000Z');
const afterMidnight = new Date('2026-03-02T00:00:00.100Z');

test('a redemption counts in the period in which it is made, not in that in which it was asked for', async () => {
  const memberLimit = { count: 1, period: MemberLimit_Period.DAY };
  ledger = await startUseCases(aProgram({ rewards: rewards({ ...glass, memberLimit }) }));
  ledger.setClock(beforeMidnight);
  await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 100_000n }), author);
  await ledger.redeem(aRedemption({ userId: 'alice' }), author);
  const { redemption } = await delayedUntil(afterMidnight, () =>
    ledger.redeem(aRedemption({ userId: 'alice' }), author),
  );
  expect(redemption).toMatchObject({
    state: 'CAPTURED',
    usagePeriod: { start: midnight.getTime() },
  });
  const another = ledger.redeem(aRedemption({ userId: 'alice' }), author);
  await expect(another).rejects.toMatchObject({ reason: 'MEMBER_LIMIT_REACHED' });
});

test('a member whose journal has reached the next day gets no more of a reward than the limit of that day', async () => {
  const memberLimit = { count: 1, period: MemberLimit_Period.DAY };
  ledger = await startUseCases(aProgram({ rewards: rewards({ ...glass, memberLimit }) }));
  const ahead = ledger.addReplica({ aheadMs: 1_000 });
  ledger.setClock(beforeMidnight);
  await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 100_000n }), author);
  await ahead.redeem(aRedemption({ userId: 'alice' }), author);
  const another = ledger.redeem(aRedemption({ userId: 'alice' }), author);
  await expect(another).rejects.toMatchObject({ reason: 'MEMBER_LIMIT_REACHED' });
});

test('a redemption is decided although the clock steps back over midnight after it was asked for', async () => {
  const memberLimit = { count: 1, period: MemberLimit_Period.DAY };
  ledger = await startUseCases(aProgram({ rewards: rewards({ ...glass, memberLimit }) }));
  ledger.setClock(beforeMidnight);
  await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 100_000n }), author);
  await ledger.redeem(aRedemption({ userId: 'alice' }), author);
  ledger.setClock(afterMidnight);
  const { redemption } = await delayedUntil(beforeMidnight, () =>
    ledger.redeem(aRedemption({ userId: 'alice' }), author),
  );
  expect(redemption).toMatchObject({
    state: 'CAPTURED',
    usagePeriod: { start: midnight.getTime() },
  });
  const lines = await linesOf('alice');
  expect(lines.at(-1)).toEqual({ kind: 'CAPTURE', create_time: afterMidnight });
});

/** From midnight on there is a bonus on top of the 5 points per 100.00 USD, once a day. */
const bonusFromMidnight = [
  aRuleSet({}),
  aRuleSet({
    version: 2,
    effectiveTime: timestampFromDate(midnight),
    earnRules: [
      {
        ruleId: 'bonus',
        award: { case: 'fixed', value: { points: 100n } },
        cap: { points: 100n, period: Cap_Period.DAY },
      },
    ],
  }),
];

test('a replica ten seconds behind takes the first purchase of a program that has just been made', async () => {
  const noon = new Date('2026-03-01T12:00:00Z');
  const expiry = { policy: { case: 'inactivity' as const, value: { months: 12 } } };
  const ruleSet = aRuleSet({ effectiveTime: timestampFromDate(noon), expiry });
  ledger = await startUseCases(aProgram({ ruleSets: [ruleSet] }));
  const behind = ledger.addReplica({ aheadMs: -10_000 });
  ledger.setClock(noon);
  const { earn } = await behind.earn(
    aPurchase({ userId: 'alice', minorUnits: 10_000n, occurTime: noon }),
    author,
  );
  expect(earn).toMatchObject({ ruleSetVersion: 1, points: 5n });
  const again = await ledger.earn(
    aPurchase({ userId: 'alice', minorUnits: 10_000n, occurTime: noon }),
    author,
  );
  expect(again.earn).toMatchObject({ ruleSetVersion: 1, points: 5n });
});

test('a purchase that is credited after midnight earns under the version of after midnight', async () => {
  ledger = await startUseCases(aProgram({ ruleSets: bonusFromMidnight }));
  ledger.setClock(beforeMidnight);
  await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 10_000n }), author);
  // The shop's clock is a little ahead.
  const early = (occurTime: Date) => aPurchase({ userId: 'alice', minorUnits: 10_000n, occurTime });
  const notYet = await ledger.earn(early(midnight), author);
  expect(notYet.earn).toMatchObject({ ruleSetVersion: 1, points: 5n });
  const late = await delayedUntil(afterMidnight, () => ledger.earn(early(midnight), author));
  expect(late.earn).toMatchObject({ ruleSetVersion: 2, points: 100n });
});

test('a cap of the version of after midnight holds for whose journal has come that far', async () => {
  ledger = await startUseCases(aProgram({ ruleSets: bonusFromMidnight }));
  const ahead = ledger.addReplica({ aheadMs: 1_000 });
  ledger.setClock(beforeMidnight);
  const early = () => aPurchase({ userId: 'alice', minorUnits: 10_000n, occurTime: midnight });
  expect((await ahead.earn(early(), author)).earn).toMatchObject({
    ruleSetVersion: 2,
    points: 100n,
  });
  expect((await ledger.earn(early(), author)).earn).toMatchObject({
    ruleSetVersion: 2,
    points: 0n,
  });
});

test('a purchase is credited although the clock steps back over the start of the version in force', async () => {
  ledger = await startUseCases(aProgram({ ruleSets: bonusFromMidnight }));
  ledger.setClock(beforeMidnight);
  await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 10_000n }), author);
  ledger.setClock(afterMidnight);
  const { earn } = await delayedUntil(beforeMidnight, () =>
    ledger.earn(aPurchase({ userId: 'alice', minorUnits: 10_000n, occurTime: midnight }), author),
  );
  expect(earn).toMatchObject({ ruleSetVersion: 2, points: 100n });
});
