import { expect, test } from '@jest/globals';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import { addByHand } from './adjust.ts';
import { unitsOfEntry } from './entry-units.ts';
import { join } from './join.ts';
import type { Account } from './journal.ts';
import { captureHold, giveBack, reserve } from './redemption.ts';
import { releaseHold } from './release.ts';

const author = { actor: 'admin:ann', requestId: 'r' };
const identity = { membershipId: 1n, programId: 'wine-dine', userId: 'alice', attributes: {} };
const move = { author, now: 2, inactivityExpiresAt: undefined };

/** A hold of `quantity` units at `unitPoints` points each. */
function held(quantity: number, unitPoints: bigint): Account {
  const account = addByHand(join({ ...identity, author, now: 0 }), {
    points: 100n,
    lot: { availableAt: beginningOfTime, expiresAt: endOfTime, class: 'NORMAL' },
    inactivityExpiresAt: undefined,
    reason: '',
    author,
    now: 1,
  });
  const draft = {
    redemptionId: 'x',
    idempotencyKey: 'key',
    fingerprint: Buffer.of(1),
    rewardId: 'glass',
    rewardDisplayName: 'A glass',
    quantity,
    points: BigInt(quantity) * unitPoints,
    reference: '',
    value: undefined,
    rate: undefined,
    madeByMember: false,
    stockTaken: false,
    usagePeriod: undefined,
  };
  return reserve(account, draft, { holdExpiresAt: 1_000, author, now: 2 });
}

function redemptionOf({ redemptions: [redemption] }: Account) {
  if (redemption === undefined) throw new Error('there is no redemption');
  return redemption;
}

function unitsIn(account: Account): string[] {
  return account.entries
    .filter(({ redemptionId }) => redemptionId !== undefined)
    .map((entry) => `${entry.kind} ${unitsOfEntry(entry, redemptionOf(account))}`);
}

test('what is captured and what is released make up what was reserved', () => {
  const account = held(5, 10n);
  const part = { quantity: 3, points: 30n, value: undefined };
  const captured = captureHold(account, redemptionOf(account), { ...move, ...part });
  const returned = giveBack(captured, redemptionOf(captured), {
    points: 20n,
    graceEndsAt: undefined,
    author,
    now: 3,
  });
  expect(unitsIn(returned)).toEqual(['RESERVE 5', 'CAPTURE 3', 'RELEASE 2', 'RETURN 2']);
});

test('a cancelled hold releases all of its units', () => {
  const account = held(5, 10n);
  const end = { state: 'CANCELLED' as const, author, now: 3 };
  expect(unitsIn(releaseHold(account, redemptionOf(account), end))).toEqual([
    'RESERVE 5',
    'RELEASE 5',
  ]);
});
