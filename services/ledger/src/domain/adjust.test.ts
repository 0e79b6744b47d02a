import { describe, expect, test } from '@jest/globals';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import { addByHand, takeByHand } from './adjust.ts';
import { balanceAt } from './balance.ts';
import { InsufficientPoints, MembershipLeft } from './errors.ts';
import { join } from './join.ts';
import { type Account, withMembership } from './journal.ts';
import type { LotKey } from './lot.ts';
import { leave } from './membership-changes.ts';

const author = { actor: 'admin:ann', requestId: 'r' };
const identity = { membershipId: 1n, programId: 'wine-dine', userId: 'alice', attributes: {} };
const opened = join({ ...identity, author, now: 0 });

function added(
  account: Account,
  points: bigint,
  { inactivityExpiresAt, ...lot }: Partial<LotKey> & { inactivityExpiresAt?: number } = {},
): Account {
  return addByHand(account, {
    points,
    lot: { availableAt: beginningOfTime, expiresAt: endOfTime, class: 'NORMAL', ...lot },
    inactivityExpiresAt,
    reason: 'goodwill',
    author,
    now: 10,
  });
}

function taken(account: Account, points: bigint, allowDeficit: boolean): Account {
  return takeByHand(account, { points, allowDeficit, reason: 'an error', author, now: 10 });
}

function errorOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

const owing = taken(opened, 30n, true);

describe('points added by hand', () => {
  test('are pending until their date, and pay nothing before it', () => {
    const account = added(owing, 40n, { availableAt: 50, expiresAt: 100 });
    expect(account.entries.at(-1)).toMatchObject({ kind: 'ADJUST', pending: 40n, available: 0n });
    expect(balanceAt(account, 49)).toMatchObject({ pending: 40n, deficit: 30n });
    expect(balanceAt(account, 50)).toMatchObject({ available: 10n, pending: 0n, deficit: 0n });
    expect(balanceAt(account, 100)).toMatchObject({ available: 0n, lifetimeExpired: 10n });
  });

  test('that are gone already pay what is owed, and the rest expires in the next entry', () => {
    const account = added(owing, 40n, { expiresAt: 10 });
    expect(account.entries.slice(-2)).toMatchObject([
      { kind: 'ADJUST', available: 10n, deficit: -30n },
      { kind: 'EXPIRE', available: -10n },
    ]);
  });

  test('expire with all points that expire by inactivity, whose date they leave alone', () => {
    const inactive = { class: 'INACTIVITY' as const };
    const first = added(opened, 5n, { ...inactive, inactivityExpiresAt: 100 });
    const second = added(first, 5n, { ...inactive, inactivityExpiresAt: 200 });
    expect(balanceAt(second, 10).nextExpiry).toEqual({ points: 10n, time: 100 });
  });
});

test('points that would expire by inactivity before they can be spent are not added', () => {
  const inactive = { class: 'INACTIVITY' as const };
  const active = added(opened, 5n, { ...inactive, inactivityExpiresAt: 100 });
  const later = (availableAt: number) =>
    added(active, 5n, { ...inactive, availableAt, inactivityExpiresAt: 200 });
  expect(later(99).membership.pending).toBe(5n);
  expect(() => later(100)).toThrow(
    "available_time: must be before 1970-01-01T00:00:00.100Z, when the member's points expire by inactivity",
  );
  expect(
    added(opened, 5n, { ...inactive, availableAt: 100, inactivityExpiresAt: 200 }),
  ).toBeDefined();
});

describe('points taken by hand', () => {
  test('are missing together with what is owed already', () => {
    const error = errorOf(() => taken(owing, 5n, false));
    expect(error).toBeInstanceOf(InsufficientPoints);
    expect(error).toMatchObject({ metadata: { missingPoints: '35' } });
  });

  test('are owed where that is allowed', () => {
    expect(taken(added(opened, 20n), 50n, true).membership).toMatchObject({
      available: 0n,
      deficit: 30n,
    });
  });
});

describe('of someone who left', () => {
  const left = leave(owing, { author, now: 10 });

  test('the debt can be paid, in part or whole', () => {
    expect(added(left, 10n).membership.deficit).toBe(20n);
    const paid = added(left, 30n, { expiresAt: 5 });
    expect(paid.membership).toMatchObject({ available: 0n, deficit: 0n, lifetimeExpired: 0n });
  });

  test('nothing else can be added, and no part of it', () => {
    for (const account of [left, withMembership(left, { deficit: 0n })]) {
      expect(() => added(account, 31n)).toThrow(MembershipLeft);
    }
    expect(() => added(left, 30n, { availableAt: 11 })).toThrow(/owes 30 points/);
  });

  test('more can be owed', () => {
    expect(taken(left, 5n, true).membership.deficit).toBe(35n);
  });
});
