import { afterEach, describe, expect, test } from '@jest/globals';
import { MemberLimit_Period as Period } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
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

const glass = {
  programId: 'wine-dine',
  rewardId: 'glass',
  displayName: 'A glass',
  price: { case: 'fixed' as const, value: { points: 10n } },
};

/** Counts the outcomes of the attempts by reason, or 'ok'. */
async function reasons(attempts: Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const outcome of await Promise.allSettled(attempts)) {
    const reason = outcome.status === 'fulfilled' ? 'ok' : String(outcome.reason.reason);
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

async function count(table: string): Promise<number> {
  const { rows } = await ledger.pool.query(`SELECT count(*)::int AS n FROM ${table}`);
  return rows[0].n;
}

describe('earning', () => {
  test('a purchase is credited once, however often it is reported', async () => {
    ledger = await startUseCases(aProgram());
    const purchase = aPurchase({ userId: 'alice', minorUnits: 25_000n });
    const first = await ledger.earn(purchase, author);
    const again = await ledger.earn(purchase, { ...author, requestId: 'request-2' });
    expect(first).toMatchObject({ replayed: false, earn: { points: 10n, state: 'POSTED' } });
    expect(first.balance).toMatchObject({ available: 10n, lifetimeEarned: 10n });
    expect(again).toMatchObject({ replayed: true, earn: { points: 10n, sequence: 2n } });
    expect(again.balance.available).toBe(10n);
    expect(await count('entries')).toBe(2);
  });

  test('the same purchase reported 200 times at once is credited once', async () => {
    ledger = await startUseCases(aProgram());
    const purchase = aPurchase({ userId: 'alice', minorUnits: 25_000n });
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => ledger.earn(purchase, author)),
    );
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect((await ledger.balance('alice')).available).toBe(10n);
  });

  test('one transaction id claimed by many users at once is credited to one of them', async () => {
    ledger = await startUseCases(aProgram());
    const claims = Array.from({ length: 60 }, (_, index) =>
      ledger.earn(
        aPurchase({ userId: `user-${index}`, transactionId: 'order-1', minorUnits: 10_000n }),
        author,
      ),
    );
    expect(await reasons(claims)).toEqual({ ok: 1, TRANSACTION_CONFLICT: 59 });
    expect(await count('earns')).toBe(1);
    expect(await count('memberships')).toBe(1);
  });

  test('other content under the same transaction id is refused and says what differs', async () => {
    ledger = await startUseCases(aProgram());
    const order = { userId: 'alice', transactionId: 'order-1' };
    await ledger.earn(aPurchase({ ...order, minorUnits: 25_000n }), author);
    const amount = ledger.earn(aPurchase({ ...order, minorUnits: 25_001n }), author);
    await expect(amount).rejects.toMatchObject({
      reason: 'TRANSACTION_CONFLICT',
      metadata: { fields: 'transaction.amount' },
    });
    const user = ledger.earn(aPurchase({ ...order, userId: 'bob', minorUnits: 25_000n }), author);
    await expect(user).rejects.toMatchObject({ metadata: { fields: 'user_id' } });
  });

  test('a bad purchase in a crowd does not disturb the others', async () => {
    ledger = await startUseCases(aProgram());
    // PostgreSQL has no NUL in text, so only the database can refuse it.
    const poison = aPurchase({ userId: 'eve', minorUnits: 100n, transactionId: 'a\0b' });
    const crowd = Array.from({ length: 99 }, (_, index) =>
      aPurchase({ userId: `user-${index}`, minorUnits: 10_000n }),
    );
    crowd.splice(50, 0, poison);
    const outcomes = await Promise.allSettled(crowd.map((input) => ledger.earn(input, author)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(99);
    expect(outcomes[50]?.status).toBe('rejected');
  });

  test('a user must join first where enrollment is open only', async () => {
    ledger = await startUseCases(aProgram({ autoEnrollment: false }));
    const purchase = aPurchase({ userId: 'alice', minorUnits: 25_000n });
    await expect(ledger.earn(purchase, author)).rejects.toMatchObject({
      reason: 'MEMBERSHIP_NOT_FOUND',
    });
    await ledger.join(
      { programId: 'wine-dine', userId: 'alice', attributes: {}, byMember: false },
      author,
    );
    await expect(ledger.earn(purchase, author)).resolves.toMatchObject({ replayed: false });
  });

  test('a program that is suspended takes no new purchase, but still answers an old one', async () => {
    ledger = await startUseCases(aProgram());
    const purchase = aPurchase({ userId: 'alice', minorUnits: 25_000n });
    await ledger.earn(purchase, author);
    Object.assign(ledger.program, { state: 'SUSPENDED' });
    await expect(ledger.earn(purchase, author)).resolves.toMatchObject({ replayed: true });
    const another = aPurchase({ userId: 'alice', minorUnits: 25_000n });
    await expect(ledger.earn(another, author)).rejects.toMatchObject({
      reason: 'PROGRAM_NOT_ACTIVE',
    });
  });

  test('writers over shared members in any order never meet a deadlock', async () => {
    ledger = await startUseCases(aProgram());
    const purchases = Array.from({ length: 2_000 }, (_, index) =>
      ledger.earn(
        aPurchase({ userId: `user-${(index * 7919) % 50}`, minorUnits: 10_000n }),
        author,
      ),
    );
    expect(await reasons(purchases)).toEqual({ ok: 2_000 });
    const { rows } = await ledger.pool.query(
      `SELECT sum(available)::int AS points, sum(last_sequence)::int AS lines FROM memberships`,
    );
    expect(rows[0]).toEqual({ points: 10_000, lines: 2_050 });
  });

  test('points that mature later are pending, and available from their day on', async () => {
    const ruleSet = aRuleSet({
      maturation: { policy: { case: 'after', value: { days: 14 } } },
      expiry: {
        policy: { case: 'after', value: { period: { case: 'days', value: 30 } } },
      },
    });
    ledger = await startUseCases(aProgram({ ruleSets: [ruleSet] }));
    ledger.setClock(new Date('2026-03-01T12:00:00Z'));
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 25_000n }), author);
    expect(await ledger.balance('alice')).toMatchObject({ available: 0n, pending: 10n });
    ledger.setClock(new Date('2026-03-16T00:00:00Z'));
    expect(await ledger.balance('alice')).toMatchObject({ available: 10n, pending: 0n });
    ledger.setClock(new Date('2026-06-01T00:00:00Z'));
    expect(await ledger.balance('alice')).toMatchObject({ available: 0n, lifetimeExpired: 10n });
    await ledger.earn(
      aPurchase({ userId: 'alice', minorUnits: 10_000n, occurTime: new Date('2026-05-31') }),
      author,
    );
    const { rows } = await ledger.pool.query('SELECT kind FROM entries ORDER BY sequence');
    expect(rows.map(({ kind }) => kind)).toEqual(['JOINED', 'EARN', 'MATURE', 'EXPIRE', 'EARN']);
  });
});

describe('redeeming', () => {
  const program = aProgram({ rewards: rewards(glass) });

  test('the same key gives the same redemption, another key another one', async () => {
    ledger = await startUseCases(program);
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 25_000n }), author);
    const redemption = aRedemption({ userId: 'alice' });
    const first = await ledger.redeem(redemption, author);
    const again = await ledger.redeem(redemption, author);
    expect(first).toMatchObject({ replayed: false, redemption: { state: 'CAPTURED' } });
    expect(first.balance.available).toBe(0n);
    expect(again).toMatchObject({
      replayed: true,
      redemption: { redemptionId: first.redemption.redemptionId },
    });
    const refused = aRedemption({ userId: 'alice' });
    for (const attempt of [refused, refused]) {
      await expect(ledger.redeem(attempt, author)).rejects.toMatchObject({
        reason: 'INSUFFICIENT_POINTS',
        metadata: { missingPoints: '10' },
      });
    }
    expect(await count('redemptions')).toBe(2);
  });

  test('a key that comes back with another reference is refused', async () => {
    ledger = await startUseCases(program);
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 50_000n }), author);
    const redemption = aRedemption({ userId: 'alice' });
    await ledger.redeem(redemption, author);
    const other = ledger.redeem({ ...redemption, reference: 'table 5' }, author);
    await expect(other).rejects.toMatchObject({ reason: 'IDEMPOTENCY_KEY_REUSED' });
  });

  test('500 times the same redemption at once is one redemption', async () => {
    ledger = await startUseCases(program);
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 200_000n }), author);
    const redemption = aRedemption({ userId: 'alice' });
    const attempts = Array.from({ length: 500 }, () => ledger.redeem(redemption, author));
    expect(await reasons(attempts)).toEqual({ ok: 500 });
    expect(await count('redemptions')).toBe(1);
    expect((await ledger.balance('alice')).available).toBe(90n);
  });

  test('500 different redemptions at once on 100 points spend exactly 100', async () => {
    ledger = await startUseCases(program);
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 200_000n }), author);
    const attempts = Array.from({ length: 500 }, () =>
      ledger.redeem(aRedemption({ userId: 'alice' }), author),
    );
    expect(await reasons(attempts)).toEqual({ ok: 10, INSUFFICIENT_POINTS: 490 });
    expect(await ledger.balance('alice')).toMatchObject({ available: 0n, lifetimeRedeemed: 100n });
  });

  test('a limited stock is never oversold, no matter who asks', async () => {
    const stock = { ...glass, stock: { limit: 7n } };
    ledger = await startUseCases(aProgram({ rewards: rewards(stock) }));
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    await Promise.all(
      users.map((userId) => ledger.earn(aPurchase({ userId, minorUnits: 25_000n }), author)),
    );
    const attempts = users.map((userId) => ledger.redeem(aRedemption({ userId }), author));
    expect(await reasons(attempts)).toEqual({ ok: 7, OUT_OF_STOCK: 13 });
  });

  test('a member gets no more of a reward than its limit allows in the period', async () => {
    const limited = { ...glass, memberLimit: { count: 2, period: Period.DAY } };
    ledger = await startUseCases(aProgram({ rewards: rewards(limited) }));
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 200_000n }), author);
    const attempts = Array.from({ length: 5 }, () =>
      ledger.redeem(aRedemption({ userId: 'alice' }), author),
    );
    expect(await reasons(attempts)).toEqual({ ok: 2, MEMBER_LIMIT_REACHED: 3 });
  });

  test('a price that is not the expected one is refused and leaves no trace', async () => {
    ledger = await startUseCases(program);
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 50_000n }), author);
    const redemption = aRedemption({ userId: 'alice', expectedPoints: 9n });
    await expect(ledger.redeem(redemption, author)).rejects.toMatchObject({
      reason: 'PRICE_CHANGED',
      metadata: { pricePoints: '10', expectedPoints: '9' },
    });
    expect(await count('redemptions')).toBe(0);
  });

  test('more attempts in a minute than allowed are turned away until it is over', async () => {
    ledger = await startUseCases(aProgram({ rewards: rewards(glass), redemptionsPerMinute: 2 }));
    ledger.setClock(new Date('2026-03-01T12:00:00Z'));
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 200_000n }), author);
    ledger.setClock(new Date('2026-03-01T12:00:10Z'));
    const attempts = Array.from({ length: 3 }, () =>
      ledger.redeem(aRedemption({ userId: 'alice' }), author),
    );
    expect(await reasons(attempts)).toEqual({ ok: 2, VELOCITY_LIMIT: 1 });
    ledger.setClock(new Date('2026-03-01T12:01:10Z'));
    await expect(ledger.redeem(aRedemption({ userId: 'alice' }), author)).resolves.toBeDefined();
  });
});
