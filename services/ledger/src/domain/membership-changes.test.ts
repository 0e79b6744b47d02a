import { describe, expect, test } from '@jest/globals';
import { beginningOfTime, endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { addByHand, takeByHand } from './adjust.ts';
import { join } from './join.ts';
import type { Account } from './journal.ts';
import { leave } from './membership-changes.ts';
import { giveBack, reserve, spend } from './redemption.ts';

const author = { actor: 'admin:ann', requestId: 'r' };
const identity = { membershipId: 1n, programId: 'wine-dine', userId: 'alice', attributes: {} };
const opened = join({ ...identity, author, now: 0 });

function given(account: Account, points: bigint, expiresAt: Instant): Account {
  const lot = { availableAt: beginningOfTime, expiresAt, class: 'NORMAL' as const };
  const gift = { points, lot, inactivityExpiresAt: undefined, reason: 'a gift', author, now: 1 };
  return addByHand(account, gift);
}

function draft(redemptionId: string, points: bigint) {
  return {
    redemptionId,
    idempotencyKey: redemptionId,
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

function held(account: Account, redemptionId: string, holdExpiresAt: Instant): Account {
  return reserve(account, draft(redemptionId, 10n), { holdExpiresAt, author, now: 2 });
}

function spent(account: Account): Account {
  return spend(account, draft('spent', 10n), { inactivityExpiresAt: undefined, author, now: 2 });
}

function owing(account: Account, points: bigint): Account {
  return takeByHand(account, { points, allowDeficit: true, reason: '', author, now: 3 });
}

/** Gives back what was spent, under a grace until 900. */
function returned(account: Account, now: Instant): Account {
  const [redemption] = account.redemptions;
  if (redemption === undefined) throw new Error('nothing was spent');
  return giveBack(account, redemption, { points: 10n, graceEndsAt: 900, author, now });
}

function linesSince(before: Account, { entries }: Account): string[] {
  return entries
    .slice(before.entries.length)
    .map(({ kind, redemptionId }) => [kind, redemptionId].join(' ').trim());
}

describe('leaving', () => {
  test('releases holds by deadline and id, then expires what has passed, then forfeits once', () => {
    const lots = given(given(given(opened, 10n, 50), 10n, 60), 50n, endOfTime);
    const account = held(held(held(lots, 'b', 200), 'c', 100), 'a', 200);
    const left = leave(account, { author, now: 70 });
    expect(linesSince(account, left)).toEqual([
      'RELEASE c',
      'RELEASE a',
      'RELEASE b',
      'EXPIRE',
      'FORFEIT',
      'LEFT',
    ]);
    expect(left.entries.slice(-3)).toMatchObject([
      { available: -20n },
      { available: -50n },
      { available: 0n },
    ]);
  });

  test('pays what is owed with the points of the hold that would have ended first', () => {
    const account = held(
      held(given(given(opened, 10n, 500), 10n, 400), 'later', 200),
      'sooner',
      100,
    );
    const left = leave(owing(account, 10n), { author, now: 70 });
    expect(left.entries.filter(({ kind }) => kind === 'RELEASE')).toMatchObject([
      { redemptionId: 'sooner', available: 0n, deficit: -10n },
      { redemptionId: 'later', available: 10n, deficit: 0n },
    ]);
    expect(left.membership).toMatchObject({ available: 0n, reserved: 0n, deficit: 0n });
  });
});

describe('what comes back to someone who left', () => {
  test('is forfeited, however long it would have lived', () => {
    const left = leave(spent(given(opened, 10n, 500)), { author, now: 70 });
    const back = returned(left, 80);
    expect(linesSince(left, back)).toEqual(['RETURN spent', 'FORFEIT']);
    expect(back.membership).toMatchObject({ available: 0n, state: 'LEFT' });
  });

  test('pays what is owed first', () => {
    const left = leave(owing(spent(given(opened, 10n, 500)), 4n), { author, now: 70 });
    const back = returned(left, 80);
    expect(back.entries.slice(-2)).toMatchObject([
      { kind: 'RETURN', available: 6n, deficit: -4n },
      { kind: 'FORFEIT', available: -6n },
    ]);
  });

  test('expires where its date has passed: no grace is for them', () => {
    const left = leave(spent(given(opened, 10n, 75)), { author, now: 70 });
    const back = returned(left, 80);
    expect(linesSince(left, back)).toEqual(['RETURN spent', 'EXPIRE']);
  });
});
