import { create, fromBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { EntryRecordedSchema } from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import { Entry_KindSchema } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { ExplanationLine_Kind } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import type { JournalRecord } from '../app/journal-reader.ts';
import type { RuleNames } from '../app/rule-names.ts';
import type { Entry, EntryKind } from '../domain/journal.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import { eventsOf, UnknownEventVersion } from './event-message.ts';

const usd = (minorUnits: bigint) => ({ currencyCode: 'USD', minorUnits });
const day = 24 * 3_600_000;

function recordOf(
  kind: EntryKind,
  changes: Partial<Entry> = {},
  about: Partial<JournalRecord> = {},
): JournalRecord {
  const entry: Entry = {
    kind,
    sequence: 7n,
    available: 0n,
    pending: 0n,
    reserved: 0n,
    deficit: 0n,
    balanceAfter: 0n,
    pendingAfter: 0n,
    reservedAfter: 0n,
    deficitAfter: 0n,
    actor: 'service:checkout',
    requestId: 'call-1',
    createTime: 1,
    allocations: [],
    ...changes,
  };
  return {
    programId: 'wine-dine',
    userId: 'alice',
    membershipId: 3n,
    entry,
    eventVersion: 1,
    earn: undefined,
    refund: undefined,
    redemption: undefined,
    ...about,
  };
}

function announced(record: JournalRecord, names: RuleNames = new Map()) {
  const [event] = eventsOf({ records: [record], ruleNames: () => names });
  if (event === undefined) throw new Error('nothing is announced');
  return { ...event, content: fromBinary(EntryRecordedSchema, event.data) };
}

const contentOf = (...record: Parameters<typeof recordOf>) =>
  announced(recordOf(...record)).content;

const redemption: Redemption = {
  redemptionId: 'r-1',
  membershipId: 3n,
  programId: 'wine-dine',
  idempotencyKey: 'key',
  fingerprint: new Uint8Array(),
  sequence: 6n,
  rewardId: 'glass',
  rewardDisplayName: 'A glass',
  askedQuantity: 3,
  askedPoints: 30n,
  quantity: 3,
  points: 30n,
  reversedPoints: 0n,
  state: 'RESERVED',
  parts: [],
  reference: 'table 4',
  value: undefined,
  rate: undefined,
  createTime: 1,
  holdExpiresAt: 900_001,
  madeByMember: false,
  refusal: undefined,
  stockTaken: false,
  usagePeriod: undefined,
};
const about = { redemption };

test('every kind of entry has an event of its own', () => {
  const kinds = Entry_KindSchema.values.slice(1).map(({ name }) => name as EntryKind);
  const events = kinds.map((kind) => announced(recordOf(kind)));
  const types = events.map(({ headers }) => headers['ce-type']);
  expect(Object.fromEntries(kinds.map((kind, index) => [kind, types[index]]))).toEqual({
    JOINED: 'loyalty.membership.joined',
    UPDATED: 'loyalty.membership.updated',
    SUSPENDED: 'loyalty.membership.suspended',
    RESUMED: 'loyalty.membership.resumed',
    LEFT: 'loyalty.membership.left',
    EARN: 'loyalty.points.earned',
    MATURE: 'loyalty.points.matured',
    EXPIRE: 'loyalty.points.expired',
    REFUND: 'loyalty.points.refunded',
    ADJUST: 'loyalty.points.adjusted',
    FORFEIT: 'loyalty.points.forfeited',
    RESERVE: 'loyalty.redemption.reserved',
    CAPTURE: 'loyalty.redemption.captured',
    RELEASE: 'loyalty.redemption.released',
    REJECT: 'loyalty.redemption.rejected',
    RETURN: 'loyalty.redemption.returned',
  });
});

test('an entry of a later release is left to that release', () => {
  expect(() => announced(recordOf('EARN', {}, { eventVersion: 2 }))).toThrow(UnknownEventVersion);
});

test('all points after the entry are said', () => {
  const after = { balanceAfter: 4n, pendingAfter: 3n, reservedAfter: 2n, deficitAfter: 1n };
  expect(contentOf('ADJUST', after).pointsAfter).toMatchObject({
    available: 4n,
    pending: 3n,
    reserved: 2n,
    deficit: 1n,
  });
});

test('a purchase says what it was, how its points came about and when they expire', () => {
  const transaction = create(TransactionSchema, {
    transactionId: 'order-1',
    occurTime: timestampFromMs(5),
    amount: usd(2_500n),
    channel: 'store',
    attributes: { store: 'paris' },
  });
  const explanation = [
    { kind: 'RULE', ruleId: 'base', points: '12.5', note: '25 × 1.00 USD' },
    { kind: 'ROUNDING', ruleId: '', points: '-0.5', note: '' },
  ] as const;
  const lot = { availableAt: beginningOfTime, expiresAt: day, class: 'NORMAL' } as const;
  const record = recordOf(
    'EARN',
    { available: 12n, transactionId: 'order-1', allocations: [{ ...lot, points: 12n }] },
    { earn: { ruleSetVersion: 4, explanation, purchase: transaction } },
  );
  const { content } = announced(record, new Map([['base', '1 per dollar']]));
  expect(content.details.value).toMatchObject({
    ruleSetVersion: 4,
    transaction,
    explanation: [
      { ruleId: 'base', displayName: '1 per dollar', points: '12.5', note: '25 × 1.00 USD' },
      { kind: ExplanationLine_Kind.ROUNDING, displayName: '' },
    ],
  });
  expect(content.entry).toMatchObject({
    points: 12n,
    occurTime: timestampFromMs(5),
    amount: usd(2_500n),
    channel: 'store',
    rules: [{ ruleId: 'base', displayName: '1 per dollar', points: '12.5' }],
  });
  const [change] = content.lotChanges;
  expect(change).toMatchObject({ points: 12n, expireTime: timestampFromMs(day) });
  expect(change?.availableTime).toBeUndefined();
  expect(change?.expiresByInactivity).toBe(false);
});

describe('the points that an entry moves', () => {
  const inactive = { availableAt: day, expiresAt: endOfTime, class: 'INACTIVITY' } as const;

  test('are in the order of their dates, whatever order they were moved or read in', () => {
    const allocations = [
      { availableAt: 2, expiresAt: endOfTime, class: 'NORMAL', points: -3n },
      { availableAt: 1, expiresAt: 9, class: 'NORMAL', points: -2n },
      { availableAt: 1, expiresAt: 9, class: 'GRACE', points: -1n },
    ] as const;
    const expected = announced(recordOf('CAPTURE', { allocations })).data;
    const other = recordOf('CAPTURE', { allocations: allocations.toReversed() });
    expect(announced(other).data).toEqual(expected);
    expect(contentOf('CAPTURE', { allocations }).lotChanges.map(({ points }) => points)).toEqual([
      -1n,
      -2n,
      -3n,
    ]);
  });

  test('have the date to which the entry moves those that expire by inactivity', () => {
    const allocations = [{ ...inactive, points: 5n }];
    const [change] = contentOf('EARN', { allocations, inactivityExpiresAt: 90 * day }).lotChanges;
    expect(change).toMatchObject({
      availableTime: timestampFromMs(day),
      expireTime: timestampFromMs(90 * day),
      expiresByInactivity: true,
    });
  });

  test('have the date of that time where the entry doesn’t move it', () => {
    const allocations = [{ ...inactive, points: -5n }];
    const [change] = contentOf('REFUND', { allocations, lotsExpireAt: 80 * day }).lotChanges;
    expect(change).toMatchObject({
      expireTime: timestampFromMs(80 * day),
      expiresByInactivity: true,
    });
  });
});

test('a refund says what it took', () => {
  const subject = { transactionId: 'order-1', refundId: 'r1' };
  const outcome = { points: 9n, taken: 4n, lapsed: 3n, owed: 2n, forgiven: 0n };
  const extent = { kind: 'AMOUNT', amount: usd(500n) } as const;
  const content = contentOf('REFUND', subject, { refund: { ...outcome, extent } });
  expect(content.details).toMatchObject({ case: 'refund', value: outcome });
  expect(content.entry?.refundExtent?.extent).toMatchObject({ case: 'amount' });
});

test('a refund that waited in vain is announced with the reason', () => {
  const subject = { transactionId: 'order-1', refundId: 'r1' };
  const { id, content } = announced(
    recordOf('REFUND', { ...subject, reason: 'REFUND_EXCEEDS_TRANSACTION' }),
  );
  expect(id).toBe('3-7');
  expect(content.entry).toMatchObject({
    ...subject,
    points: 0n,
    reason: 'REFUND_EXCEEDS_TRANSACTION',
  });
});

test('an adjustment is announced with its note', () => {
  const subject = { reason: 'case 17', note: 'Sorry for the delay' };
  expect(contentOf('ADJUST', subject).entry).toMatchObject(subject);
});

test('attributes are in one order, whatever order they were set or read in', () => {
  const change = (before: Record<string, string>, after: Record<string, string>) =>
    announced(recordOf('UPDATED', { attributesChange: { before, after } })).data;
  expect(change({ b: '1', a: '2' }, { tier: 'gold', shop: 'paris' })).toEqual(
    change({ a: '2', b: '1' }, { shop: 'paris', tier: 'gold' }),
  );
});

describe('an entry about a redemption', () => {
  test('says what to hand out: reward, units, points, reference and the end of the hold', () => {
    const { entry, details } = contentOf('RESERVE', { available: -30n, reserved: 30n }, about);
    expect(entry).toMatchObject({
      rewardId: 'glass',
      rewardDisplayName: 'A glass',
      quantity: 3,
      reference: 'table 4',
    });
    expect(details.value).toMatchObject({ points: 30n, holdExpireTime: timestampFromMs(900_001) });
    expect(details.value).not.toHaveProperty('value');
  });

  test('is the same once a part of the hold was captured, and a part of that given back', () => {
    const later = { ...redemption, state: 'CAPTURED', quantity: 2, points: 20n } as const;
    const reversed = { ...later, state: 'REVERSED', reversedPoints: 20n } as const;
    const dataOf = (kind: EntryKind, changes: Partial<Entry>, as: Redemption) =>
      announced(recordOf(kind, changes, { redemption: as })).data;
    const reserve = { available: -30n, reserved: 30n };
    expect(dataOf('RESERVE', reserve, reversed)).toEqual(dataOf('RESERVE', reserve, redemption));
    const capture = { reserved: -20n };
    expect(dataOf('CAPTURE', capture, reversed)).toEqual(dataOf('CAPTURE', capture, later));
    const release = { available: 10n, reserved: -10n };
    expect(dataOf('RELEASE', release, reversed)).toEqual(dataOf('RELEASE', release, later));
    expect(contentOf('CAPTURE', capture, { redemption: reversed }).entry?.quantity).toBe(2);
    expect(contentOf('RELEASE', release, { redemption: reversed }).entry?.quantity).toBe(1);
  });

  test('says what its own points of a conversion are worth', () => {
    const converted: Redemption = {
      ...redemption,
      askedQuantity: 1,
      quantity: 1,
      value: usd(9n),
      rate: { points: 100n, minorUnits: 33n },
    };
    const worth = (kind: EntryKind, changes: Partial<Entry>) =>
      contentOf(kind, changes, { redemption: converted }).details.value;
    expect(worth('RESERVE', { reserved: 30n })).toMatchObject({ points: 30n, value: usd(9n) });
    expect(worth('CAPTURE', { reserved: -20n })).toMatchObject({ points: 20n, value: usd(6n) });
    expect(worth('RELEASE', { reserved: -10n })).toMatchObject({ points: 10n, value: usd(3n) });
    expect(worth('RETURN', { available: 5n })).toMatchObject({ points: 5n, value: usd(1n) });
    expect(worth('REJECT', {})).toMatchObject({ points: 30n, value: usd(9n) });
  });

  test('says why it was refused', () => {
    const refusal = { reason: 'INSUFFICIENT_POINTS', metadata: { missingPoints: '5' } } as const;
    const refused = { ...redemption, state: 'REJECTED', refusal } as const;
    const { details } = contentOf('REJECT', {}, { redemption: refused });
    expect(details.value).toMatchObject({
      refusal: { reason: ErrorReason.INSUFFICIENT_POINTS, metadata: { missingPoints: '5' } },
    });
  });
});
