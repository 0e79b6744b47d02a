import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { beginningOfTime, endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { POINTS_MAX } from '@loyalty/rules/language.ts';
import { addByHand } from './adjust.ts';
import { missingPoints } from './available.ts';
import { balanceAt, expiriesOf, maturitiesOf } from './balance.ts';
import { bringUpToDate, nextDueAt } from './bring-up-to-date.ts';
import { postEarn } from './earn.ts';
import { join, rejoin } from './join.ts';
import { type Account, pointsOf, withMembership } from './journal.ts';
import type { LotKey } from './lot.ts';
import { updateAttributes } from './membership-changes.ts';
import { type RedemptionDraft, refuse, reserve, spend } from './redemption.ts';

const author = { actor: 'service:test', requestId: 'r' };

function draft(points: bigint): RedemptionDraft {
  return {
    redemptionId: 'x',
    idempotencyKey: 'key',
    fingerprint: Buffer.of(1),
    rewardId: 'glass',
    rewardDisplayName: 'A glass',
    quantity: 1,
    points,
    reference: '',
    value: undefined,
    rate: undefined,
    madeByMember: false,
    stockTaken: false,
    usagePeriod: undefined,
  };
}

function opened(now: Instant = 0): Account {
  return join({
    membershipId: 1n,
    programId: 'wine-dine',
    userId: 'alice',
    attributes: {},
    author,
    now,
  });
}

function earned(
  account: Account,
  earn: { points: bigint; now: Instant; lot?: Partial<LotKey>; inactivityExpiresAt?: Instant },
): Account {
  const { lot, ...rest } = earn;
  return postEarn(bringUpToDate(account, earn.now), {
    inactivityExpiresAt: undefined,
    ...rest,
    lot: { availableAt: beginningOfTime, expiresAt: endOfTime, class: 'NORMAL', ...lot },
    transactionId: 't',
    author,
  });
}

function added(account: Account, points: bigint): Account {
  const lot = { availableAt: beginningOfTime, expiresAt: endOfTime, class: 'NORMAL' as const };
  const gift = { reason: 'a gift', author, now: account.membership.lastEntryTime };
  return addByHand(account, { points, lot, inactivityExpiresAt: undefined, ...gift });
}

function kinds(account: Account): string[] {
  return account.entries.map(({ kind }) => kind);
}

describe('a balance over time', () => {
  test('points that never had to mature can be spent at once', () => {
    const account = earned(opened(), { points: 10n, now: 1 });
    expect(balanceAt(account, 1)).toMatchObject({ available: 10n, pending: 0n });
  });

  test('points are pending until the instant at which they mature', () => {
    const account = earned(opened(), { points: 10n, now: 1, lot: { availableAt: 100 } });
    expect(balanceAt(account, 99)).toMatchObject({ available: 0n, pending: 10n });
    expect(balanceAt(account, 100)).toMatchObject({ available: 10n, pending: 0n });
  });

  test('points are gone at the instant at which they expire', () => {
    const account = earned(opened(), { points: 10n, now: 1, lot: { expiresAt: 100 } });
    expect(balanceAt(account, 99).available).toBe(10n);
    expect(balanceAt(account, 100)).toMatchObject({ available: 0n, lifetimeExpired: 10n });
  });

  test('what expires next is told with its points, those of one date together', () => {
    let account = earned(opened(), { points: 10n, now: 1, lot: { expiresAt: 200 } });
    account = earned(account, { points: 4n, now: 2, lot: { expiresAt: 100 } });
    account = earned(account, { points: 5n, now: 3, lot: { expiresAt: 100, availableAt: 50 } });
    account = earned(account, { points: 1n, now: 4 });
    expect(balanceAt(account, 5).nextExpiry).toEqual({ points: 9n, time: 100 });
    expect(nextDueAt(account)).toBe(50);
  });

  test('what expires and matures later is told date by date, and what can’t mature in time isn’t', () => {
    let account = earned(opened(), { points: 10n, now: 1, lot: { expiresAt: 200 } });
    account = earned(account, { points: 5n, now: 2, lot: { expiresAt: 200, availableAt: 50 } });
    account = earned(account, { points: 4n, now: 3, lot: { expiresAt: 100, availableAt: 50 } });
    account = earned(account, { points: 2n, now: 4, lot: { expiresAt: 40, availableAt: 45 } });
    account = earned(account, { points: 1n, now: 5, lot: { availableAt: 60 } });
    expect(expiriesOf(account)).toEqual([
      { time: 40, points: 2n, pendingPoints: 2n },
      { time: 100, points: 4n, pendingPoints: 4n },
      { time: 200, points: 15n, pendingPoints: 5n },
    ]);
    const maturities = [
      { time: 50, points: 9n },
      { time: 60, points: 1n },
    ];
    expect(maturitiesOf(account)).toEqual(maturities);
    expect(balanceAt(account, 6).nextMaturity).toEqual(maturities[0]);
    expect(balanceAt(account, 60).nextMaturity).toBeUndefined();
  });

  test('an earn moves the date of all points that expire by inactivity', () => {
    const lot = { class: 'INACTIVITY' as const };
    let account = earned(opened(), { points: 10n, now: 1, lot, inactivityExpiresAt: 100 });
    account = earned(account, { points: 5n, now: 99, lot, inactivityExpiresAt: 200 });
    expect(balanceAt(account, 199)).toMatchObject({
      available: 15n,
      nextExpiry: { points: 15n, time: 200 },
    });
    expect(balanceAt(account, 200)).toMatchObject({ available: 0n, lifetimeExpired: 15n });
  });

  test('points that come after their own expiry are credited and expire in the next entry', () => {
    const account = earned(opened(), { points: 10n, now: 300, lot: { expiresAt: 100 } });
    expect(kinds(account)).toEqual(['JOINED', 'EARN', 'EXPIRE']);
    expect(balanceAt(account, 300)).toMatchObject({ available: 0n, lifetimeEarned: 10n });
  });

  test('bringing it up to date writes maturity before expiry, once', () => {
    const lot = { availableAt: 100, expiresAt: 200 };
    const account = earned(opened(), { points: 10n, now: 1, lot });
    const current = bringUpToDate(account, 300);
    expect(kinds(current)).toEqual(['JOINED', 'EARN', 'MATURE', 'EXPIRE']);
    expect(bringUpToDate(current, 400)).toBe(current);
  });
});

describe('a deficit', () => {
  const owing = withMembership(opened(), { deficit: 30n });

  test('is paid by the next points before any become available', () => {
    const account = earned(owing, { points: 100n, now: 1 });
    const entry = account.entries.at(-1);
    expect(entry).toMatchObject({ available: 70n, deficit: -30n, balanceAfter: 70n });
    expect(entry && pointsOf(entry)).toBe(100n);
    expect(account.lots).toMatchObject([{ remaining: 70n }]);
  });

  test('is not paid by pending points, but as they mature', () => {
    const account = earned(owing, { points: 20n, now: 1, lot: { availableAt: 100 } });
    expect(balanceAt(account, 99)).toMatchObject({ pending: 20n, deficit: 30n });
    expect(balanceAt(account, 100)).toMatchObject({ available: 0n, pending: 0n, deficit: 10n });
  });
});

describe('spending', () => {
  test('takes what expires first and leaves pending points alone', () => {
    let account = earned(opened(), { points: 5n, now: 1, lot: { expiresAt: 500 } });
    account = earned(account, { points: 5n, now: 2 });
    account = earned(account, { points: 9n, now: 3, lot: { availableAt: 100, expiresAt: 400 } });
    expect(missingPoints(account, 11n)).toBe(1n);
    const after = spend(account, draft(7n), { inactivityExpiresAt: undefined, author, now: 4 });
    expect(after.entries.at(-1)?.allocations).toMatchObject([
      { expiresAt: 500, points: -5n },
      { expiresAt: endOfTime, points: -2n },
    ]);
    expect(balanceAt(after, 4)).toMatchObject({
      available: 3n,
      pending: 9n,
      lifetimeRedeemed: 7n,
    });
  });

  test('a refusal is an entry in the journal that moves nothing', () => {
    const account = earned(opened(), { points: 5n, now: 1 });
    const refusal = { reason: 'OUT_OF_STOCK' as const, metadata: {} };
    const after = refuse(account, draft(1n), { refusal, author, now: 2 });
    expect(after.entries.at(-1)).toMatchObject({ kind: 'REJECT', reason: 'OUT_OF_STOCK' });
    expect(balanceAt(after, 2)).toEqual(balanceAt(account, 2));
  });
});

test('who comes back keeps what they owe, their totals and their attributes', () => {
  const known = updateAttributes(opened(), { attributes: { shop: 'paris' }, author, now: 10 });
  const left = withMembership(known, { state: 'LEFT', deficit: 5n, lifetimeEarned: 9n });
  const back = rejoin(left, { attributes: { tier: 'gold' }, author, now: 50 });
  expect(back.membership).toMatchObject({
    state: 'ACTIVE',
    joinTime: 50,
    deficit: 5n,
    lifetimeEarned: 9n,
    attributes: { shop: 'paris', tier: 'gold' },
    attributesRevision: 2n,
  });
});

describe('an entry', () => {
  test('says which attributes it changed, and nothing where it changed none', () => {
    const gold = { tier: 'gold' };
    const joined = opened();
    const updated = updateAttributes(joined, { attributes: gold, author, now: 1 });
    const left = withMembership(updated, { state: 'LEFT' });
    const back = rejoin(left, { attributes: gold, author, now: 2 });
    expect(back.entries.map(({ attributesChange }) => attributesChange)).toEqual([
      undefined,
      { before: {}, after: gold },
      undefined,
    ]);
  });

  test('of joining says when that was', () => {
    const account = rejoin(opened(7), { attributes: {}, joinTime: 3, author, now: 9 });
    expect(account.entries.map(({ joinTime, createTime }) => [joinTime, createTime])).toEqual([
      [7, 7],
      [3, 9],
    ]);
    expect(account.membership.joinTime).toBe(3);
  });

  test('says to which date it moved the points that expire by inactivity, where it did', () => {
    let account = opened();
    for (const [now, inactivityExpiresAt] of [
      [1, 100],
      [2, 100],
      [3, 90],
      [4, 110],
    ] as const) {
      account = earned(account, { points: 1n, now, inactivityExpiresAt });
    }
    const spending = { inactivityExpiresAt: 120, author, now: 5 };
    account = spend(account, draft(1n), spending);
    const dates = account.entries.map(({ inactivityExpiresAt }) => inactivityExpiresAt);
    expect(dates).toEqual([undefined, 100, undefined, undefined, 110, 120]);
    expect(account.membership.inactivityExpiresAt).toBe(120);
  });
});

describe('what a JSON number can say', () => {
  const beyond = 'beyond 9007199254740991';

  test('is what a balance never passes', () => {
    const account = earned(opened(), { points: POINTS_MAX, now: 1 });
    expect(() => earned(account, { points: 1n, now: 2 })).toThrow(beyond);
  });

  test('is what pending and reserved points count towards: they become available without being asked', () => {
    const lot = { availableAt: 100 };
    const pending = earned(opened(), { points: POINTS_MAX - 5n, now: 1, lot });
    const full = earned(pending, { points: 5n, now: 2 });
    expect(() => added(full, 1n)).toThrow(beyond);
    const held = reserve(full, draft(5n), { holdExpiresAt: 50, author, now: 3 });
    expect(() => added(held, 1n)).toThrow(beyond);
    expect(balanceAt(held, 100)).toMatchObject({ available: POINTS_MAX, reserved: 0n });
  });

  test('is where the points that expired are counted no further', () => {
    const before = withMembership(opened(), { lifetimeExpired: POINTS_MAX - 5n });
    const account = earned(before, { points: 10n, now: 1, lot: { expiresAt: 100 } });
    expect(balanceAt(account, 100)).toMatchObject({
      available: 0n,
      lifetimeExpired: POINTS_MAX,
    });
  });
});

test('after any series of moves lots, columns and journal agree', () => {
  const move = fc.record({
    kind: fc.constantFrom('earn', 'spend', 'owe'),
    points: fc.bigInt(0n, 50n),
    wait: fc.nat(60),
    matures: fc.option(fc.nat(40)),
    lives: fc.option(fc.nat(80)),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      let now = 0;
      let account = opened();
      let owed = 0n;
      for (const { kind, points, wait, matures, lives } of moves) {
        now += wait;
        account = bringUpToDate(account, now);
        if (kind === 'earn') {
          const lot = {
            availableAt: matures === null ? beginningOfTime : now + matures,
            expiresAt: lives === null ? endOfTime : now + (matures ?? 0) + lives,
          };
          account = earned(account, { points, now, lot });
        } else if (kind === 'spend' && missingPoints(account, points) <= 0n) {
          account = spend(account, draft(points), { inactivityExpiresAt: undefined, author, now });
        } else if (kind === 'owe' && account.membership.available === 0n) {
          owed += points;
          account = withMembership(account, { deficit: account.membership.deficit + points });
        }
        const { membership, lots, entries } = account;
        const inLots = lots.reduce((sum, { remaining }) => sum + remaining, 0n);
        expect(inLots).toBe(membership.available + membership.pending);
        expect(membership.deficit === 0n || membership.available === 0n).toBe(true);
        const inJournal = entries.reduce((sum, entry) => sum + pointsOf(entry), 0n);
        expect(inJournal - owed).toBe(
          membership.available + membership.pending - membership.deficit,
        );
        expect(entries.map(({ sequence }) => Number(sequence))).toEqual(
          entries.map((_, index) => index + 1),
        );
        for (const { allocations, available, pending } of entries) {
          const allocated = allocations.reduce((sum, each) => sum + each.points, 0n);
          expect(allocated).toBe(available + pending);
        }
      }
    }),
    { numRuns: 200 },
  );
});
