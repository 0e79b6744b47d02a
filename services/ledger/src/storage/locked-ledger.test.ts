import { describe, expect, test } from '@jest/globals';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import type {
  Command,
  LockedState,
  Needs,
  PostedEarn,
  PurchaseRefund,
} from '../app/ledger-store.ts';
import { addByHand } from '../domain/adjust.ts';
import { MembershipSuspended } from '../domain/errors.ts';
import { join } from '../domain/join.ts';
import type { Account } from '../domain/journal.ts';
import { reserve } from '../domain/redemption.ts';
import { nothingTaken } from '../domain/refund.ts';
import { lotKeyOf, stockKey } from './ledger-keys.ts';
import type { LoadedLedger } from './ledger-layers.ts';
import { type LockedLedger, lockedLedger } from './locked-ledger.ts';
import { memberKey } from './membership-ids.ts';

const author = { actor: 'service:test', requestId: 'r' };
const programId = 'wine-dine';
const alice = { programId, userId: 'alice' };
const bob = { programId, userId: 'bob' };
const aliceId = 1n;
const bobId = 2n;
const glass = { programId, rewardId: 'glass' };
const order = { programId, transactionId: 'order-1' };
const otherOrder = { programId, transactionId: 'order-2' };
const lot = { availableAt: beginningOfTime, expiresAt: endOfTime, class: 'NORMAL' as const };
const otherLot = { ...lot, expiresAt: 1 };
const cap = { ruleId: 'base', period: 'DAY', start: 0 } as const;
const otherCap = { ...cap, start: 1 };
const usage = { rewardId: 'glass', period: 'MONTH', start: 1 } as const;
const request = { kind: 'ADJUST' as const, idempotencyKey: 'key' };

function hold(account: Account): Account {
  const draft = {
    redemptionId: 'hold',
    idempotencyKey: 'hold-key',
    fingerprint: Buffer.of(1),
    rewardId: 'glass',
    rewardDisplayName: 'A glass',
    quantity: 1,
    points: 10n,
    reference: '',
    value: undefined,
    rate: undefined,
    madeByMember: false,
    stockTaken: true,
    usagePeriod: undefined,
  };
  return reserve(account, draft, { holdExpiresAt: 50, author, now: 0 });
}

/** Alice with 100 points, 10 of them held until 50. */
const account: Account = {
  ...hold(
    addByHand(join({ membershipId: aliceId, ...alice, attributes: {}, author, now: 0 }), {
      points: 100n,
      lot,
      inactivityExpiresAt: undefined,
      reason: 'gift',
      author,
      now: 0,
    }),
  ),
  entries: [],
};

const earn = { ...order, membershipId: aliceId, lot, points: 5n, sequence: 2n } as PostedEarn;
const refund = {
  ...order,
  ...nothingTaken,
  refundId: 'r-1',
  state: 'WAITING',
} as PurchaseRefund;

function ledgerAt(time: number, changes: Partial<LoadedLedger> = {}): LockedLedger {
  return lockedLedger({
    time,
    membershipIds: new Map([[memberKey(alice), aliceId]]),
    newMembershipIds: new Map([[memberKey(bob), bobId]]),
    accounts: [account],
    earns: [earn],
    awaited: new Set(),
    refunds: [refund],
    requests: [],
    capUsage: new Map(),
    stockTaken: new Map([[stockKey(glass), 1n]]),
    usageTaken: new Map(),
    lapses: new Map([[lotKeyOf(aliceId, lot), [{ sequence: 1n, points: 3n }]]]),
    ...changes,
  });
}

function run(
  ledger: LockedLedger,
  needs: Needs,
  decide: (locked: LockedState) => unknown,
): ReturnType<LockedLedger['run']> {
  return ledger.run({ needs, decide } satisfies Command<unknown>);
}

type Read = (locked: LockedState) => unknown;

describe('a command reads what its needs name', () => {
  const reads: [what: string, declared: Needs, read: Read, undeclared: Needs[]][] = [
    ['a member', { member: alice }, (l) => l.bringUpToDate(alice), [{}, { member: bob }]],
    [
      'a membership by its id',
      { membershipId: aliceId },
      (l) => l.bringUpToDateById(aliceId),
      [{}, { membershipId: bobId }, { member: bob }],
    ],
    [
      'the membership of who earned a purchase',
      { refundOf: order },
      (l) => l.bringUpToDateById(aliceId),
      [{ refundOf: otherOrder }, { purchase: order }],
    ],
    [
      'an id for a new membership',
      { member: bob, mayJoin: true },
      (l) => l.newMembershipId(bob),
      [{ member: bob }, { member: alice, mayJoin: true }],
    ],
    [
      'a purchase',
      { purchase: order },
      (l) => l.earn(order),
      [{}, { purchase: otherOrder }, { refundOf: otherOrder }],
    ],
    ['a purchase to refund', { refundOf: order }, (l) => l.earn(order), [{ member: alice }]],
    [
      'refunds',
      { purchase: order },
      (l) => l.refunds(order),
      [{}, { purchase: otherOrder }, { refundOf: otherOrder }],
    ],
    [
      'a redemption by its id',
      { member: alice, redemption: { redemptionId: 'hold' } },
      (l) => l.redemption(alice, { redemptionId: 'hold' }),
      [
        { member: alice },
        { member: alice, redemption: { redemptionId: 'other' } },
        { member: alice, redemption: { idempotencyKey: 'hold' } },
        { member: bob, redemption: { redemptionId: 'hold' } },
      ],
    ],
    [
      'a redemption by its key',
      { member: alice, redemption: { idempotencyKey: 'hold-key' } },
      (l) => l.redemption(alice, { idempotencyKey: 'hold-key' }),
      [{ member: alice }, { member: alice, redemption: { idempotencyKey: 'other' } }],
    ],
    [
      'a request',
      { member: alice, request },
      (l) => l.request(aliceId, request),
      [
        { member: alice },
        { member: bob, request },
        { member: alice, request: { ...request, kind: 'REVERSE' } },
        { member: alice, request: { ...request, idempotencyKey: 'other' } },
      ],
    ],
    [
      'a cap',
      { member: alice, caps: [otherCap, cap] },
      (l) => l.capUsed(alice, cap),
      [{ member: alice }, { member: alice, caps: [otherCap] }, { member: bob, caps: [cap] }],
    ],
    [
      'the stock of a reward',
      { stock: glass },
      (l) => l.stockTaken(glass),
      [{}, { stock: { ...glass, rewardId: 'bottle' } }],
    ],
    [
      'how often a member had a reward',
      { member: alice, usage },
      (l) => l.usageTaken(alice, { ...usage, start: 2 }),
      [
        { member: alice },
        { member: bob, usage },
        { member: alice, usage: { ...usage, start: 3 } },
        { member: alice, usage: { ...usage, rewardId: 'bottle' } },
        { member: alice, usage: { ...usage, period: 'DAY' } },
      ],
    ],
    [
      'what the lot of a purchase to refund lost',
      { refundOf: order },
      (l) => l.lapses(aliceId, lot),
      [{ refundOf: otherOrder }, { member: alice }],
    ],
    [
      'what the lot of a new purchase lost',
      { member: alice, lots: [otherLot, lot] },
      (l) => l.lapses(aliceId, lot),
      [
        { member: alice, lots: [otherLot] },
        { member: bob, lots: [lot] },
      ],
    ],
  ];

  test.each(reads)('%s, or it throws', (_what, declared, read, undeclared) => {
    expect(run(ledgerAt(10), declared, read)).toHaveProperty('result');
    for (const needs of undeclared) {
      expect(run(ledgerAt(10), needs, read)).toMatchObject({ error: { name: 'UndeclaredRead' } });
    }
  });
});

const needsAll: Needs = {
  member: alice,
  purchase: order,
  request,
  caps: [cap],
  stock: glass,
  lots: [lot],
};

/** Changes everything that a command can change. */
function putAll(locked: LockedState): void {
  const before = locked.bringUpToDateById(aliceId);
  const after = addByHand(before, {
    points: 7n,
    lot,
    inactivityExpiresAt: undefined,
    reason: 'gift',
    author,
    now: locked.nowOf(before),
  });
  const entry = after.entries.at(-1);
  if (entry === undefined) throw new Error('no entry');
  locked.putAccount({
    ...after,
    redemptions: after.redemptions.map((each) => ({ ...each, quantity: 3 })),
  });
  locked.putEarn({ ...earn, reversedPoints: 1n });
  locked.putRefund({ ...refund, state: 'APPLIED' });
  locked.putRefund({ ...refund, refundId: 'r-2' });
  locked.putRequest({ ...request, membershipId: aliceId, fingerprint: Buffer.of(1), entry });
  locked.addCapUsed(aliceId, cap, 4n);
  locked.addLapsedRefunded(aliceId, lot, { sequence: 1n, points: 2n });
}

function readAll(locked: LockedState) {
  return {
    available: locked.bringUpToDate(alice)?.membership.available,
    reversedPoints: locked.earn(order)?.reversedPoints,
    refunds: locked.refunds(order).map(({ refundId, state }) => `${refundId} ${state}`),
    isKnown: locked.request(aliceId, request) !== undefined,
    capUsed: locked.capUsed(alice, cap),
    stockTaken: locked.stockTaken(glass),
    lapses: locked.lapses(aliceId, lot),
  };
}

const untouched = {
  available: 90n,
  reversedPoints: undefined,
  refunds: ['r-1 WAITING'],
  isKnown: false,
  capUsed: 0n,
  stockTaken: 1n,
  lapses: [{ sequence: 1n, points: 3n }],
};
const changed = {
  available: 97n,
  reversedPoints: 1n,
  refunds: ['r-1 APPLIED', 'r-2 WAITING'],
  isKnown: true,
  capUsed: 4n,
  stockTaken: 3n,
  lapses: [{ sequence: 1n, points: 1n }],
};

describe('the commands of a batch', () => {
  test('see what they put themselves, and what those before them put', () => {
    const ledger = ledgerAt(10);
    const own = run(ledger, needsAll, (locked) => {
      putAll(locked);
      return readAll(locked);
    });
    expect(own).toEqual({ result: changed });
    expect(run(ledger, needsAll, readAll)).toEqual({ result: changed });
    expect(ledger.changes()).toMatchObject({
      accounts: [{ before: account, after: { membership: { available: 97n } } }],
      entries: [{ ...alice, entry: { kind: 'ADJUST', available: 7n } }],
      redemptions: [{ before: { quantity: 1 }, after: { quantity: 3 } }],
      earns: [{ before: earn, after: { reversedPoints: 1n } }],
      refunds: [{ refundId: 'r-1', state: 'APPLIED' }, { refundId: 'r-2' }],
      requests: [{ ...request, membershipId: aliceId }],
      capUsage: [{ ...cap, membershipId: aliceId, points: 4n }],
      stock: [{ ...glass, taken: 2n }],
      lapsedRefunded: [{ ...lot, membershipId: aliceId, sequence: 1n, points: 2n }],
    });
  });

  test.each([
    ['is refused', new MembershipSuspended()],
    ['breaks down', new TypeError('nobody thought of that')],
  ])('leave nothing behind where one %s after it put something', (_what, error) => {
    const ledger = ledgerAt(10);
    const outcome = run(ledger, needsAll, (locked) => {
      putAll(locked);
      throw error;
    });
    expect(outcome).toEqual({ error });
    expect(run(ledger, needsAll, readAll)).toEqual({ result: untouched });
    expect(Object.values(ledger.changes()).flat()).toEqual([]);
  });

  test('keep what others put, when the one between them throws', () => {
    const ledger = ledgerAt(10);
    run(ledger, needsAll, putAll);
    run(ledger, needsAll, (locked) => {
      putAll(locked);
      throw new MembershipSuspended();
    });
    expect(run(ledger, needsAll, readAll)).toEqual({ result: changed });
    expect(ledger.changes().entries).toHaveLength(1);
  });

  test('find the members that joined before them', () => {
    const ledger = ledgerAt(10);
    run(ledger, { member: bob, mayJoin: true }, (locked) => {
      const membershipId = locked.newMembershipId(bob);
      locked.putAccount(join({ membershipId, ...bob, attributes: {}, author, now: 10 }));
    });
    const outcome = run(ledger, { member: bob }, (locked) => locked.bringUpToDate(bob));
    expect(outcome).toMatchObject({ result: { membership: { membershipId: bobId } } });
  });

  test('write what time has brought about, also where one is refused', () => {
    const ledger = ledgerAt(60);
    const outcome = run(ledger, needsAll, (locked) => {
      locked.bringUpToDate(alice);
      putAll(locked);
      throw new MembershipSuspended();
    });
    expect(outcome).toHaveProperty('error');
    const after = { ...untouched, available: 100n, stockTaken: 0n };
    expect(run(ledger, needsAll, readAll)).toEqual({ result: after });
    expect(ledger.changes()).toMatchObject({
      entries: [{ entry: { kind: 'RELEASE', available: 10n } }],
      stock: [{ ...glass, taken: -1n }],
    });
  });
});
