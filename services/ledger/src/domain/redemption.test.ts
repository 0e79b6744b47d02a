import { describe, expect, test } from '@jest/globals';
import { beginningOfTime, endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { addByHand, takeByHand } from './adjust.ts';
import { missingPoints } from './available.ts';
import { bringUpToDate } from './bring-up-to-date.ts';
import { join } from './join.ts';
import type { Account } from './journal.ts';
import type { LotKey } from './lot.ts';
import { captureHold, giveBack, type RedemptionDraft, reserve } from './redemption.ts';
import type { Redemption } from './redemption-state.ts';

const author = { actor: 'service:test', requestId: 'r' };

function opened(): Account {
  const identity = { membershipId: 1n, programId: 'wine-dine', userId: 'alice', attributes: {} };
  return join({ ...identity, author, now: 0 });
}

function given(account: Account, points: bigint, lot: Partial<LotKey>): Account {
  return addByHand(account, {
    points,
    lot: { availableAt: beginningOfTime, expiresAt: endOfTime, class: 'NORMAL', ...lot },
    inactivityExpiresAt: lot.class === 'INACTIVITY' ? 100 : undefined,
    reason: '',
    author,
    now: 1,
  });
}

/** Holds everything: points that expire by inactivity at 100, and others that expire at 200. */
function heldOfTwoLots(): Account {
  const both = given(given(opened(), 10n, { class: 'INACTIVITY' }), 10n, { expiresAt: 200 });
  const draft: RedemptionDraft = {
    redemptionId: 'x',
    idempotencyKey: 'key',
    fingerprint: Buffer.of(1),
    rewardId: 'glass',
    rewardDisplayName: 'A glass',
    quantity: 2,
    points: 20n,
    reference: '',
    value: undefined,
    rate: undefined,
    madeByMember: false,
    stockTaken: false,
    usagePeriod: undefined,
  };
  return reserve(both, draft, { holdExpiresAt: 1_000, author, now: 2 });
}

function theRedemption({ redemptions }: Account): Redemption {
  const [redemption] = redemptions;
  if (redemption === undefined) throw new Error('there is none');
  return redemption;
}

function captured(
  account: Account,
  {
    points,
    inactivityExpiresAt,
    now,
  }: { points: bigint; inactivityExpiresAt: Instant; now: Instant },
): Account {
  const capture = { quantity: 1, points, value: undefined, inactivityExpiresAt, author, now };
  return captureHold(bringUpToDate(account, now), theRedemption(account), capture);
}

function remaining({ lots }: Account): Record<string, bigint> {
  return Object.fromEntries(
    lots.filter((lot) => lot.remaining > 0n).map((lot) => [lot.class, lot.remaining]),
  );
}

describe('points of a hold whose lots expire in another order than when they were reserved', () => {
  test('are spent in the order in which they expire now', () => {
    const account = heldOfTwoLots();
    const active = { ...account, membership: { ...account.membership, inactivityExpiresAt: 300 } };
    const after = captured(active, { points: 10n, inactivityExpiresAt: 400, now: 3 });
    expect(remaining(after)).toEqual({ INACTIVITY: 10n });
  });

  test('come back in the order in which they live longest now', () => {
    const spent = captured(heldOfTwoLots(), { points: 20n, inactivityExpiresAt: 300, now: 3 });
    const reversal = { points: 10n, graceEndsAt: undefined, author, now: 4 };
    const after = giveBack(spent, theRedemption(spent), reversal);
    expect(remaining(after)).toEqual({ INACTIVITY: 10n });
  });
});

test('the rest of a hold lives on by the activity that its capture is', () => {
  const after = captured(heldOfTwoLots(), { points: 10n, inactivityExpiresAt: 500, now: 150 });
  expect(after.membership).toMatchObject({ available: 10n, lifetimeExpired: 0n });
});

test('what is owed has to be earned too before a price can be paid', () => {
  const owing = takeByHand(opened(), {
    points: 30n,
    allowDeficit: true,
    reason: '',
    author,
    now: 1,
  });
  expect(missingPoints(owing, 10n)).toBe(40n);
});
