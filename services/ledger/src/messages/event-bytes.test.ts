// The bytes of published events, which must never change: readers of the journal get exactly what was published years ago.
import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import type { JournalRecord } from '../app/journal-reader.ts';
import type { Entry } from '../domain/journal.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import { eventsOf } from './event-message.ts';

const at = Date.parse('2026-03-01T12:00:00.250Z');
const usd = (minorUnits: bigint) => ({ currencyCode: 'USD', minorUnits });

const transaction = create(TransactionSchema, {
  transactionId: 'order-1',
  occurTime: timestampFromMs(at - 1_000),
  amount: usd(12_345n),
  items: [{ itemId: '1', sku: 'cab', categories: ['wine'], quantity: 2, amount: usd(9_000n) }],
  channel: 'store',
  attributes: { store: 'paris', '7': 'seven' },
});

const earn: NonNullable<JournalRecord['earn']> = {
  ruleSetVersion: 3,
  explanation: [
    { kind: 'RULE', ruleId: 'base', points: '123.45', note: '123.45 × 1.00 USD' },
    { kind: 'RULE', ruleId: 'twice', points: '123.45', note: '× 2 = 246.9' },
    { kind: 'CAP', ruleId: 'base', points: '-46.9', note: '200 in DAY' },
    { kind: 'GROUP', ruleId: 'visit', points: '0', note: '' },
    { kind: 'SET_MAXIMUM', ruleId: '', points: '-50', note: '' },
    { kind: 'ROUNDING', ruleId: '', points: '0', note: '' },
  ],
  purchase: transaction,
};

const redemption: Redemption = {
  redemptionId: 'r-1',
  membershipId: 2_048n,
  programId: 'wine-dine',
  idempotencyKey: 'key',
  fingerprint: new Uint8Array(),
  sequence: 6n,
  rewardId: 'voucher',
  rewardDisplayName: 'Gutschein für Fußpflege',
  askedQuantity: 1,
  askedPoints: 301n,
  quantity: 1,
  points: 301n,
  reversedPoints: 0n,
  state: 'REJECTED',
  parts: [],
  reference: 'table 4',
  value: usd(99n),
  rate: { points: 100n, minorUnits: 33n },
  createTime: at,
  holdExpiresAt: at + 900_000,
  madeByMember: true,
  refusal: {
    reason: 'INSUFFICIENT_POINTS',
    metadata: { missingPoints: '5', another: 'detail' },
  },
  stockTaken: false,
  usagePeriod: undefined,
};

function entry(changes: Pick<Entry, 'kind'> & Partial<Entry>): Entry {
  return {
    sequence: 7n,
    available: 0n,
    pending: 0n,
    reserved: 0n,
    deficit: 0n,
    balanceAfter: 150n,
    pendingAfter: 20n,
    reservedAfter: 30n,
    deficitAfter: 0n,
    actor: 'service:Zoë & co',
    requestId: 'call-1',
    createTime: at,
    allocations: [],
    ...changes,
  };
}

const inactive = { availableAt: at, expiresAt: Infinity, class: 'INACTIVITY' } as const;
const dated = { availableAt: -Infinity, expiresAt: at + 1, class: 'GRACE' } as const;

const records: readonly (Pick<JournalRecord, 'entry'> & Partial<JournalRecord>)[] = [
  {
    entry: entry({
      kind: 'JOINED',
      joinTime: at - 5,
      attributesChange: { before: {}, after: { tier: 'gold', shop: 'paris' } },
    }),
  },
  {
    entry: entry({
      kind: 'EARN',
      available: 140n,
      deficit: -10n,
      transactionId: 'order-1',
      inactivityExpiresAt: at + 7_776_000_000,
      allocations: [{ ...inactive, points: 140n }],
    }),
    earn,
  },
  {
    entry: entry({
      kind: 'REFUND',
      available: -9n,
      deficit: 2n,
      transactionId: 'order-1',
      refundId: 'r1',
      lotsExpireAt: at + 7_776_000_000,
      allocations: [
        { ...inactive, points: -4n },
        { ...dated, points: -5n },
      ],
    }),
    earn,
    refund: {
      points: 14n,
      taken: 9n,
      lapsed: 2n,
      owed: 2n,
      forgiven: 1n,
      extent: { kind: 'ITEMS', items: [{ itemId: '1', quantity: 1 }] },
    },
  },
  {
    entry: entry({ kind: 'RELEASE', available: 101n, reserved: -101n, redemptionId: 'r-1' }),
    redemption,
  },
  {
    entry: entry({ kind: 'REJECT', redemptionId: 'r-1', reason: 'INSUFFICIENT_POINTS' }),
    redemption,
  },
  { entry: entry({ kind: 'ADJUST', available: -3n, reason: 'case 17', note: 'Sorry' }) },
];

const ruleNames = () =>
  new Map([
    ['base', '1 per dollar'],
    ['twice', 'Weekend'],
    ['visit', 'Visit'],
  ]);

test('events of version 1 are as they always were', () => {
  const events = eventsOf({
    records: records.map((record) => ({
      programId: 'wine-dine',
      userId: 'alice',
      membershipId: 2_048n,
      eventVersion: 1,
      earn: undefined,
      refund: undefined,
      redemption: undefined,
      ...record,
    })),
    ruleNames,
  });
  const digests = events.map(({ id, subject, headers, data }) => {
    const names = Object.keys(headers).toSorted((one, other) => (one < other ? -1 : 1));
    const headerText = JSON.stringify(names.map((name) => [name, headers[name]]));
    const hash = createHash('sha256').update(`${id} ${subject} ${headerText}`).update(data);
    return `${subject.split('.').slice(4).join('.')} ${hash.digest('hex').slice(0, 32)}`;
  });
  // If this is red, give what you add another version instead of changing these.
  expect(digests).toEqual([
    'membership.joined 0fedc71f4e49fe9adc60106b5069a1d1',
    'points.earned 9cd2ff2cf493dbeb0a6728b43f2375c8',
    'points.refunded bf63c637f22e5a7f56a59eb0e0bfa8d2',
    'redemption.released ff47d868a74c24402224a692cd9ce06b',
    'redemption.rejected 4d60875c509c5a2d224f2f3d0f972c41',
    'points.adjusted f3e345fbea99d94e5349671bd087cf88',
  ]);
});
