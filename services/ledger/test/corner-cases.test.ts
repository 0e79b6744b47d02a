import { afterEach, describe, expect, test } from '@jest/globals';
import {
  Cap_Period as CapPeriod,
  RateAward_Mode as Mode,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { LimitExceeded } from '@loyalty/rules/limit-exceeded.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  author,
  rewards,
  startUseCases,
} from './commit-fixture.ts';

let ledger: Awaited<ReturnType<typeof startUseCases>>;

afterEach(async () => {
  await ledger.stop();
});

const alice = { programId: 'wine-dine', userId: 'alice' };
const inactivity = (months: number) => ({
  policy: { case: 'inactivity' as const, value: { months } },
});

function refund(transactionId: string, minorUnits?: bigint) {
  return ledger.reverseEarn(
    {
      programId: 'wine-dine',
      transactionId,
      refundId: `refund-${minorUnits}`,
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
}

describe('a refund', () => {
  test('that makes another rule of a group the best takes no room of its cap', async () => {
    const earnRules = [
      {
        ruleId: 'amount',
        exclusiveGroup: 'best',
        award: {
          case: 'rate' as const,
          value: { points: 1n, per: { currencyCode: 'USD', minorUnits: 100n }, mode: Mode.STEP },
        },
      },
      {
        ruleId: 'visit',
        exclusiveGroup: 'best',
        award: { case: 'fixed' as const, value: { points: 25n } },
        cap: { points: 40n, period: CapPeriod.LIFETIME },
      },
    ];
    ledger = await startUseCases(aProgram({ ruleSets: [aRuleSet({ earnRules })] }));
    const first = { userId: 'alice', transactionId: 'first', minorUnits: 3_000n };
    await ledger.earn(aPurchase(first), author);
    expect((await refund('first', 2_000n)).refund.points).toBe(5n);
    const small = () => ledger.earn(aPurchase({ userId: 'alice', minorUnits: 100n }), author);
    expect((await small()).earn.points).toBe(25n);
    expect((await refund('first')).refund.points).toBe(25n);
    expect((await small()).earn.points).toBe(15n);
  });

  test('that comes first takes what has lapsed of the lot, as one does that comes later', async () => {
    const ruleSet = aRuleSet({
      expiry: { policy: { case: 'after', value: { period: { case: 'days', value: 30 } } } },
    });
    ledger = await startUseCases(aProgram({ ruleSets: [ruleSet] }));
    ledger.setClock(new Date('2026-03-01T12:00:00Z'));
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 100_000n }), author);
    ledger.setClock(new Date('2026-06-01T12:00:00Z'));
    for (const transactionId of ['refunded-before', 'refunded-after']) {
      const late = aPurchase({ userId: 'alice', transactionId, minorUnits: 20_000n });
      if (transactionId === 'refunded-before') await refund(transactionId);
      await ledger.earn(late, author);
      const { refund: applied } = await refund(transactionId);
      expect(applied).toMatchObject({ points: 10n, lapsed: 10n, owed: 0n });
    }
    const owed = { ...alice, points: -10n, reason: 'error', allowDeficit: true };
    for (const transactionId of ['refunded-first', 'refunded-later']) {
      await ledger.adjust({ ...owed, idempotencyKey: transactionId }, author);
      const late = aPurchase({ userId: 'alice', transactionId, minorUnits: 20_000n });
      if (transactionId === 'refunded-first') await refund(transactionId);
      await ledger.earn(late, author);
      const { refund: applied } = await refund(transactionId);
      // Its own points have paid what was owed; what the lot lost before was of other purchases.
      expect(applied).toMatchObject({ points: 10n, lapsed: 0n, owed: 10n });
    }
  });

  test('gives nothing back of what was forfeited before the purchase', async () => {
    ledger = await startUseCases(aProgram());
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 200_000n }), author);
    await ledger.leave({ ...alice, byMember: true }, author);
    await ledger.join({ ...alice, attributes: {}, byMember: false }, author);
    const again = { userId: 'alice', transactionId: 'again', minorUnits: 200_000n };
    await ledger.earn(aPurchase(again), author);
    const { refund: applied } = await refund('again');
    expect(applied).toMatchObject({ points: 100n, taken: 100n, lapsed: 0n });
    expect((await ledger.balance('alice')).available).toBe(0n);
  });

  test('counts what its lot lost after the purchase, each point once', async () => {
    ledger = await startUseCases(aProgram());
    const buy = (transactionId: string, points: bigint) =>
      ledger.earn(
        aPurchase({ userId: 'alice', transactionId, minorUnits: points * 2_000n }),
        author,
      );
    const leaveAndComeBack = async () => {
      await ledger.leave({ ...alice, byMember: true }, author);
      await ledger.join({ ...alice, attributes: {}, byMember: false }, author);
    };
    const spend = (idempotencyKey: string, points: bigint) =>
      ledger.adjust(
        { ...alice, idempotencyKey, points: -points, reason: 'spent', allowDeficit: false },
        author,
      );
    await buy('first', 100n);
    await leaveAndComeBack();
    await buy('second', 150n);
    await spend('second', 50n);
    await leaveAndComeBack();
    await buy('third', 100n);
    await leaveAndComeBack();
    // 100 are lost before the second, 200 since, 100 of them since the third.
    expect((await refund('second')).refund).toMatchObject({ points: 150n, lapsed: 150n });
    expect((await refund('third')).refund).toMatchObject({ points: 100n, lapsed: 50n, owed: 50n });
    expect((await refund('first')).refund).toMatchObject({ points: 100n, lapsed: 100n });
  });
});

describe('points that expire by inactivity', () => {
  test('live on by what a member does after the policy has changed', async () => {
    const effectiveTime = { seconds: BigInt(Date.parse('2026-04-01') / 1_000) };
    const ruleSets = [
      aRuleSet({ expiry: inactivity(3) }),
      aRuleSet({
        version: 2,
        effectiveTime,
        expiry: { policy: { case: 'never' as const, value: {} } },
      }),
    ];
    ledger = await startUseCases(aProgram({ ruleSets }));
    ledger.setClock(new Date('2026-03-01T12:00:00Z'));
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 20_000n }), author);
    const occurTime = new Date('2026-05-20T12:00:00Z');
    ledger.setClock(occurTime);
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 20_000n, occurTime }), author);
    ledger.setClock(new Date('2026-08-20T12:00:00Z'));
    expect((await ledger.balance('alice')).available).toBe(20n);
    ledger.setClock(new Date('2026-08-21T00:00:00Z'));
    expect((await ledger.balance('alice')).available).toBe(10n);
  });

  test('live as long as others when they are added by hand, also for who was inactive', async () => {
    ledger = await startUseCases(aProgram({ ruleSets: [aRuleSet({ expiry: inactivity(3) })] }));
    ledger.setClock(new Date('2026-03-01T12:00:00Z'));
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 20_000n }), author);
    ledger.setClock(new Date('2027-03-01T12:00:00Z'));
    const gift = { ...alice, idempotencyKey: 'gift', reason: 'goodwill', allowDeficit: false };
    await ledger.adjust({ ...gift, points: 50n }, author);
    expect(await ledger.balance('alice')).toMatchObject({
      available: 50n,
      nextExpiry: { points: 50n, time: Date.parse('2027-06-02') },
    });
  });
});

describe('a balance of all the points there may be', () => {
  const maximum = 9_007_199_254_740_991n;
  const price = { case: 'fixed' as const, value: { points: 10n } };
  const glass = { programId: 'wine-dine', rewardId: 'glass', displayName: 'A glass', price };
  const add = (points: bigint) =>
    ledger.adjust(
      { ...alice, idempotencyKey: `add ${points}`, points, reason: 'a gift', allowDeficit: false },
      author,
    );

  test('is not passed by points that mature later: they are refused, and the member is served', async () => {
    const maturation = { policy: { case: 'after' as const, value: { days: 14 } } };
    ledger = await startUseCases(aProgram({ ruleSets: [aRuleSet({ maturation })] }));
    ledger.setClock(new Date('2026-03-01T12:00:00Z'));
    await ledger.join({ ...alice, attributes: {}, byMember: false }, author);
    await add(maximum - 10n);
    const buy = (minorUnits: bigint) => ledger.earn(aPurchase({ ...alice, minorUnits }), author);
    await expect(buy(40_000n)).rejects.toThrow(LimitExceeded);
    await buy(20_000n);
    ledger.setClock(new Date('2026-04-01T12:00:00Z'));
    expect(await ledger.balance('alice')).toMatchObject({ available: maximum, pending: 0n });
    expect((await add(-1_000n)).balance.available).toBe(maximum - 1_000n);
  });

  test('counts what is held, which goes back at its time', async () => {
    ledger = await startUseCases(aProgram({ rewards: rewards(glass) }));
    ledger.setClock(new Date('2026-03-01T12:00:00Z'));
    await ledger.join({ ...alice, attributes: {}, byMember: false }, author);
    await add(maximum);
    const hold = () => ledger.redeem(aRedemption({ userId: 'alice', capture: 'HOLD' }), author);
    const { redemption } = await hold();
    await expect(add(10n)).rejects.toThrow(LimitExceeded);
    await ledger.cancel({ ...alice, ...redemption, byMember: false }, author);
    await hold();
    ledger.setClock(new Date('2026-03-01T13:00:00Z'));
    expect(await ledger.balance('alice')).toMatchObject({ available: maximum, reserved: 0n });
  });

  test('refuses what a reversal would give back, until there is room', async () => {
    ledger = await startUseCases(aProgram({ rewards: rewards(glass) }));
    await ledger.join({ ...alice, attributes: {}, byMember: false }, author);
    await add(maximum);
    const { redemption } = await ledger.redeem(aRedemption({ userId: 'alice' }), author);
    await add(5n);
    const part = { kind: 'ALL' as const };
    const reversal = { ...alice, redemptionId: redemption.redemptionId, idempotencyKey: 'r', part };
    await expect(ledger.reverse(reversal, author)).rejects.toThrow(LimitExceeded);
    await add(-5n);
    expect((await ledger.reverse(reversal, author)).balance.available).toBe(maximum);
  });

  test('can expire again and again', async () => {
    const expiry = {
      policy: { case: 'after' as const, value: { period: { case: 'days' as const, value: 1 } } },
    };
    ledger = await startUseCases(aProgram({ ruleSets: [aRuleSet({ expiry })] }));
    await ledger.join({ ...alice, attributes: {}, byMember: false }, author);
    ledger.setClock(new Date('2027-03-01T12:00:00Z'));
    await add(maximum);
    ledger.setClock(new Date('2027-03-05T12:00:00Z'));
    await add(maximum - 1n);
    ledger.setClock(new Date('2027-03-10T12:00:00Z'));
    const gone = { available: 0n, lifetimeExpired: maximum };
    expect(await ledger.balance('alice')).toMatchObject(gone);
    await ledger.bringDueUpToDate(10);
    expect(await ledger.balance('alice')).toMatchObject(gone);
  });
});

test('a capture that is repeated after everything was given back answers what it did', async () => {
  const price = { case: 'fixed' as const, value: { points: 10n } };
  const glass = { programId: 'wine-dine', rewardId: 'glass', displayName: 'A glass', price };
  ledger = await startUseCases(aProgram({ rewards: rewards(glass) }));
  await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 20_000n }), author);
  const held = await ledger.redeem(aRedemption({ userId: 'alice', capture: 'HOLD' }), author);
  const capture = {
    ...alice,
    redemptionId: held.redemption.redemptionId,
    part: { kind: 'ALL' as const },
  };
  await ledger.capture(capture, author);
  await ledger.reverse({ ...capture, idempotencyKey: 'reversal' }, author);
  await expect(ledger.capture(capture, author)).resolves.toMatchObject({
    replayed: true,
    redemption: { state: 'REVERSED', points: 10n, reversedPoints: 10n },
  });
});
