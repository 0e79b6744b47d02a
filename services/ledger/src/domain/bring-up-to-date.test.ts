import { describe, expect, test } from '@jest/globals';
import { beginningOfTime, endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { takeByHand } from './adjust.ts';
import { bringUpToDate } from './bring-up-to-date.ts';
import { postEarn } from './earn.ts';
import { join } from './join.ts';
import type { Account } from './journal.ts';
import type { LotKey } from './lot.ts';
import { reserve } from './redemption.ts';

const author = { actor: 'service:test', requestId: 'r' };

function opened(): Account {
  const identity = { membershipId: 1n, programId: 'wine-dine', userId: 'alice', attributes: {} };
  return join({ ...identity, author, now: 0 });
}

function earned(account: Account, lot: Partial<LotKey>): Account {
  return postEarn(account, {
    points: 10n,
    lot: { availableAt: beginningOfTime, expiresAt: endOfTime, class: 'NORMAL', ...lot },
    inactivityExpiresAt: undefined,
    transactionId: 't',
    author,
    now: 1,
  });
}

function held(account: Account, holdExpiresAt: Instant, redemptionId = 'x'): Account {
  const draft = {
    redemptionId,
    idempotencyKey: 'key',
    fingerprint: Buffer.of(1),
    rewardId: 'glass',
    rewardDisplayName: 'A glass',
    quantity: 1,
    points: 10n,
    reference: '',
    value: undefined,
    rate: undefined,
    madeByMember: false,
    stockTaken: false,
    usagePeriod: undefined,
  };
  return reserve(account, draft, { holdExpiresAt, author, now: 2 });
}

function owing(account: Account): Account {
  return takeByHand(account, { points: 10n, allowDeficit: true, reason: '', author, now: 3 });
}

function remaining({ membership, lots }: Account) {
  const full = lots.filter((lot) => lot.remaining > 0n);
  const { available, pending, deficit } = membership;
  return { available, pending, deficit, lots: full.map(({ expiresAt }) => expiresAt) };
}

test('holds that end at one instant are released in the order of their ids', () => {
  const account = ['c', 'a', 'b'].reduce(
    (before, id) => held(earned(before, {}), 50, id),
    opened(),
  );
  const ended = bringUpToDate(account, 60).entries.filter(({ kind }) => kind === 'RELEASE');
  expect(ended.map(({ redemptionId }) => redemptionId)).toEqual(['a', 'b', 'c']);
});

describe('a balance is the same whether or not somebody looked at it on the way', () => {
  const stories: [name: string, account: Account][] = [
    [
      'points that mature first pay what is owed, also when others expire sooner',
      owing(earned(earned(opened(), { availableAt: 50 }), { availableAt: 100, expiresAt: 120 })),
    ],
    [
      'points of a hold that ends first pay what is owed, also when others mature meanwhile',
      owing(earned(held(earned(opened(), { expiresAt: 200 }), 50), { availableAt: 100 })),
    ],
    [
      'points that mature first pay what is owed, also when a hold ends meanwhile',
      owing(earned(held(earned(opened(), { expiresAt: 200 }), 100), { availableAt: 50 })),
    ],
  ];

  test.each(stories)('%s', (_, account) => {
    const onTheWay = [50, 100, 110].reduce(bringUpToDate, account);
    expect(remaining(bringUpToDate(account, 110))).toEqual(remaining(onTheWay));
    expect(remaining(bringUpToDate(account, 150))).toEqual(remaining(bringUpToDate(onTheWay, 150)));
  });
});
