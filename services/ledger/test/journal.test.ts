import { fromBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { EntryRecordedSchema } from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import { Entry_Kind as Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import type {
  JournalEvent,
  ReadJournalRequest,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { verifyLedger } from '../src/verify/verify-ledger.ts';
import { conversion, createCustomProgram, fixed, proportional } from './custom-program.ts';
import { receiveEvents } from './received-events.ts';
import {
  admin,
  checkout,
  createMember,
  purchase,
  refusalOf,
  type Setting,
  startSetting,
  tokenOf,
} from './running-ledger.ts';

const logger = createLogger({ name: 'test', level: 'silent' });

let setting: Setting;
let events: ReturnType<typeof receiveEvents>;
beforeAll(async () => {
  setting = await startSetting();
  events = receiveEvents(setting.nats);
});
afterAll(async () => {
  await events.stop();
  await setting.stop();
});

interface Member {
  programId: string;
  userId: string;
}

type Range = ReadJournalRequest['range'];

const everything: Range & { case: 'period' } = {
  case: 'period',
  value: {
    $typeName: 'loyalty.ledger.v1.JournalPeriod',
    startTime: timestampFromMs(0),
    endTime: timestampFromMs(Date.now() + 3_600_000),
  },
};

const journalOf = (userId: string, fromSequence = 0n): Range => ({
  case: 'user',
  value: { $typeName: 'loyalty.ledger.v1.JournalOfUser', userId, fromSequence },
});

/** All pages of a journal. */
async function readJournal(
  programId: string,
  range: Range,
  { pageSize = 0, caller = checkout } = {},
): Promise<JournalEvent[]> {
  const events: JournalEvent[] = [];
  for (let pageToken = ''; ; ) {
    const request = { programId, range, pageSize, pageToken };
    const page = await setting.clients.ledger.readJournal(request, caller);
    expect(page.events.length).toBeLessThanOrEqual(pageSize || 50);
    events.push(...page.events);
    if (page.nextPageToken === '') return events;
    pageToken = page.nextPageToken;
  }
}

/** The events of a program that were published, in the order of their sequences, as the journal has them. */
function publishedOf(programId: string) {
  return events.received
    .filter(({ subject }) => subject.startsWith(`loyalty.events.v1.${programId}.`))
    .filter((message) => message.header('ce-source') === '/ledger')
    .map(({ subject, header, data }) => ({
      subject,
      headers: Object.fromEntries(headerNames.map((name) => [name, header(name) ?? ''])),
      data: Buffer.from(data).toString('hex'),
    }))
    .toSorted((a, b) => sequenceOf(a) - sequenceOf(b));
}

const headerNames = [
  'ce-specversion',
  'ce-source',
  'content-type',
  'ce-id',
  'ce-type',
  'ce-time',
  'ce-subject',
  'ce-requestid',
  'ce-actor',
];

function sequenceOf({ headers }: { headers: Record<string, string> }): number {
  return Number(headers['ce-id']?.split('-')[1]);
}

function plain({ subject, headers, data }: JournalEvent) {
  return { subject, headers, data: Buffer.from(data).toString('hex') };
}

const contentOf = ({ data }: { data: string }) =>
  fromBinary(EntryRecordedSchema, Buffer.from(data, 'hex'));

async function createProgram(): Promise<string> {
  return await createCustomProgram(setting, {
    ruleSet: {
      earnRules: [proportional(100n, { displayName: '1 per dollar' })],
      expiry: { policy: { case: 'inactivity', value: { months: 3 } } },
    },
    rewards: [fixed('glass', 10n, { displayName: 'A glass' }), conversion('voucher')],
  });
}

/** A member to whom nearly everything happens that can. */
async function liveThrough(member: Member): Promise<void> {
  const { memberships, ledger, redemptions } = setting.clients;
  const attributes = { tier: 'gold', shop: 'paris', a: 'b' };
  await memberships.joinProgram({ ...member, attributes }, checkout);
  const bought = purchase(30_000);
  await ledger.earn({ ...member, transaction: bought }, checkout);
  await ledger.earn({ ...member, transaction: purchase(10_000) }, checkout);
  const glass = { ...member, rewardId: 'glass', reference: 'table 4' };
  const hold = { ...glass, quantity: 3, capture: RedeemRequest_Capture.HOLD };
  const held = await redemptions.redeem({ ...hold, idempotencyKey: 'hold' }, checkout);
  const redemption = { ...member, redemptionId: held.redemption?.redemptionId ?? '' };
  const part = (value: number) => ({ part: { case: 'quantity' as const, value } });
  await redemptions.captureRedemption({ ...redemption, ...part(2) }, checkout);
  await redemptions.reverseRedemption(
    { ...redemption, ...part(1), idempotencyKey: 'reverse' },
    checkout,
  );
  const voucher = { ...member, rewardId: 'voucher', points: 150n, idempotencyKey: 'voucher' };
  await redemptions.redeem(voucher, checkout);
  await refusalOf(redemptions.redeem({ ...glass, quantity: 999, idempotencyKey: 'no' }, checkout));
  const refund = { refundId: 'r1', extent: { case: 'amount' as const, value: usd(12_000n) } };
  const { programId } = member;
  await ledger.reverseEarn({ programId, transactionId: bought.transactionId, ...refund }, checkout);
  const gift = { points: 5n, reason: 'case 17', note: 'Sorry', idempotencyKey: 'gift' };
  await ledger.adjustBalance({ ...member, ...gift }, admin);
  await memberships.updateMembership(
    { ...member, membership: { attributes: { tier: 'silver' } } },
    checkout,
  );
}

const usd = (minorUnits: bigint) => ({ currencyCode: 'USD', minorUnits });

/** What would change the events if they were made of what can change. */
async function changeEverything(member: Member): Promise<void> {
  const { programId } = member;
  const { rewards, ruleSets, ledger, memberships, redemptions } = setting.clients;
  const reward = { displayName: 'A very large glass' };
  await rewards.updateReward({ programId, rewardId: 'glass', reward }, admin);
  const earnRules = [proportional(200n, { displayName: '2 per dollar' })];
  const draft = await ruleSets.createRuleSet({ programId, ruleSet: { earnRules } }, admin);
  await ruleSets.publishRuleSet({ programId, version: draft.ruleSet?.version ?? 0 }, admin);
  const { earns } = await ledger.listEarns(member, checkout);
  for (const { transactionId } of earns) {
    const everythingLeft = { refundId: 'r2', extent: { case: 'full' as const, value: {} } };
    await ledger.reverseEarn({ programId, transactionId, ...everythingLeft }, checkout);
  }
  const { redemptions: made } = await redemptions.listRedemptions(member, checkout);
  for (const { redemptionId, reversedPoints, points, refusal } of made) {
    if (refusal !== undefined || reversedPoints === points) continue;
    await redemptions.reverseRedemption(
      { ...member, redemptionId, idempotencyKey: `all of ${redemptionId}` },
      checkout,
    );
  }
  await memberships.leaveProgram(member, admin);
}

test('the journal has the events that were published, whatever has happened since', async () => {
  const member = { programId: await createProgram(), userId: 'alice' };
  const { programId } = member;
  await liveThrough(member);
  await eventually(() => expect(publishedOf(programId).length).toBeGreaterThanOrEqual(12));
  const first = publishedOf(programId);
  expect(first.map(sequenceOf)).toEqual(first.map((_, index) => index + 1));
  expect((await readJournal(programId, journalOf('alice'))).map(plain)).toEqual(first);

  await changeEverything(member);
  const journal = (await readJournal(programId, journalOf('alice'))).map(plain);
  expect(journal.slice(0, first.length)).toEqual(first);
  await eventually(() => expect(publishedOf(programId)).toEqual(journal));

  await setting.restartLedger();
  expect((await readJournal(programId, journalOf('alice'), { pageSize: 5 })).map(plain)).toEqual(
    journal,
  );
  expect((await readJournal(programId, everything, { pageSize: 4 })).map(plain)).toEqual(journal);
  expect((await readJournal(programId, journalOf('alice', 4n))).map(plain)).toEqual(
    journal.slice(3),
  );
});

test('an event says enough to act on it', async () => {
  const member = { programId: await createProgram(), userId: 'bob' };
  await liveThrough(member);
  const events = (await readJournal(member.programId, journalOf('bob'))).map(plain).map(contentOf);
  const ofKind = (kind: Kind) => events.filter(({ entry }) => entry?.kind === kind);
  const inMonths = (seconds = 0n) => (Number(seconds) * 1_000 - Date.now()) / (30 * 24 * 3_600_000);

  const [earned] = ofKind(Kind.EARN);
  expect(earned?.details.value).toMatchObject({
    ruleSetVersion: 1,
    explanation: [{ ruleId: 'base', displayName: '1 per dollar', points: '300' }],
    transaction: { amount: usd(30_000n) },
  });
  expect(earned?.pointsAfter).toMatchObject({ available: 300n, pending: 0n, reserved: 0n });
  expect(earned?.lotChanges).toMatchObject([{ points: 300n, expiresByInactivity: true }]);
  expect(inMonths(earned?.lotChanges[0]?.expireTime?.seconds)).toBeCloseTo(3, 0);

  // Spending that doesn't move the date still says which it is.
  const [reserved] = ofKind(Kind.RESERVE);
  expect(reserved?.pointsAfter).toMatchObject({ available: 370n, reserved: 30n });
  expect(reserved?.lotChanges).toMatchObject([{ points: -30n, expiresByInactivity: true }]);
  expect(inMonths(reserved?.lotChanges[0]?.expireTime?.seconds)).toBeCloseTo(3, 0);
  expect(reserved?.entry).toMatchObject({ rewardDisplayName: 'A glass', quantity: 3 });

  const [captured, voucher] = ofKind(Kind.CAPTURE);
  expect(captured?.entry).toMatchObject({ quantity: 2, reference: 'table 4', points: -20n });
  expect(captured?.details.value).toMatchObject({ points: 20n });
  expect(voucher?.details.value).toMatchObject({ points: 150n, value: usd(150n) });
  const [released] = ofKind(Kind.RELEASE);
  expect(released?.entry?.quantity).toBe(1);
  const [returned] = ofKind(Kind.RETURN);
  expect(returned?.entry?.quantity).toBe(1);
  const [rejected] = ofKind(Kind.REJECT);
  expect(rejected?.details.value).toMatchObject({
    points: 9_990n,
    refusal: { metadata: { missingPoints: String(9_990 - 240) } },
  });
  const [refunded] = ofKind(Kind.REFUND);
  expect(refunded?.details.value).toMatchObject({ points: 120n, taken: 120n, owed: 0n });
  expect(refunded?.entry).toMatchObject({ amount: usd(30_000n) });
  const [updated] = ofKind(Kind.UPDATED);
  expect(updated?.entry?.attributesChange).toMatchObject({
    before: { tier: 'gold' },
    after: { tier: 'silver' },
  });
});

test('events that another process committed, or that waited for NATS, are the same', async () => {
  const member = await createMember(setting);
  const { programId } = member;
  // Its own relay can't publish what it commits.
  const replica = await setting.startReplica({ natsUrl: 'nats://127.0.0.1:9' });
  for (let count = 0; count < 5; count += 1) {
    await replica.clients.ledger.earn({ ...member, transaction: purchase(10_000) }, checkout);
  }
  await replica.stop();
  const pool = createPool({
    url: setting.databaseUrl,
    max: 2,
    applicationName: 'test',
    logger,
  });
  // What it had leased is free again.
  await pool.query("UPDATE outbox SET leased_until = '-infinity'");
  await eventually(async () => {
    await pool.query("UPDATE outbox SET leased_until = '-infinity' WHERE leased_until > now()");
    expect(publishedOf(programId)).toHaveLength(6);
  });
  expect((await readJournal(programId, everything)).map(plain)).toEqual(publishedOf(programId));
  expect(await verifyLedger(pool, { nats: setting.nats })).toEqual([]);
  await pool.end();
});

test('the journals of a program are one, by time, membership and sequence', async () => {
  const programId = await createProgram();
  const users = Array.from({ length: 7 }, (_, index) => `user-${index}`);
  const { memberships, ledger } = setting.clients;
  await Promise.all(
    users.map((userId) => memberships.joinProgram({ programId, userId }, checkout)),
  );
  await Promise.all(
    [...users, ...users].map((userId) =>
      ledger.earn({ programId, userId, transaction: purchase(1_000) }, checkout),
    ),
  );
  const keys = (await readJournal(programId, everything, { pageSize: 3 })).map(({ headers }) => {
    const [membership, sequence] = (headers['ce-id'] ?? '').split('-');
    return [Date.parse(headers['ce-time'] ?? ''), Number(membership), Number(sequence)] as const;
  });
  expect(keys).toHaveLength(21);
  expect(keys).toEqual(keys.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]));
});

test('a page ends before it is too large to be received', async () => {
  const member = await createMember(setting);
  const { programId } = member;
  const items = Array.from({ length: 200 }, (_, index) => ({
    itemId: `${index}`,
    sku: 'x'.repeat(120),
    categories: ['y'.repeat(60)],
    quantity: 1,
    amount: usd(1n),
  }));
  await Promise.all(
    Array.from({ length: 80 }, () =>
      setting.clients.ledger.earn(
        { ...member, transaction: { ...purchase(100), items } },
        checkout,
      ),
    ),
  );
  const request = { programId, range: journalOf('alice'), pageSize: 500 };
  const page = await setting.clients.ledger.readJournal(request, checkout);
  expect(page.events.length).toBeLessThan(81);
  expect(page.nextPageToken).not.toBe('');
  expect(await readJournal(programId, journalOf('alice'), { pageSize: 500 })).toHaveLength(81);
});

describe('the journal is refused', () => {
  const ask = (request: Parameters<Setting['clients']['ledger']['readJournal']>[0]) =>
    setting.clients.ledger.readJournal(request, checkout);

  test('to anyone but backends', async () => {
    const { programId } = await createMember(setting);
    const request = { programId, range: everything };
    for (const caller of [admin, await tokenOf('member', 'alice')]) {
      const refusal = await refusalOf(setting.clients.ledger.readJournal(request, caller));
      expect(refusal).toMatchObject({ reason: 'PERMISSION_DENIED' });
    }
  });

  test('to backends of other programs', async () => {
    const { programId } = await createMember(setting);
    const request = { programId, range: everything };
    const own = await tokenOf('service', 'webhooks', [programId]);
    await setting.clients.ledger.readJournal(request, own);
    const other = await tokenOf('service', 'webhooks', ['another']);
    const refusal = await refusalOf(setting.clients.ledger.readJournal(request, other));
    expect(refusal).toMatchObject({ reason: 'PERMISSION_DENIED' });
  });

  test('of a program or a member that there isn’t', async () => {
    const { programId } = await createMember(setting);
    expect(await refusalOf(ask({ programId, range: journalOf('nobody') }))).toMatchObject({
      reason: 'MEMBERSHIP_NOT_FOUND',
    });
    expect(await refusalOf(ask({ programId: 'no-program', range: everything }))).toMatchObject({
      reason: 'PROGRAM_NOT_FOUND',
    });
  });

  test('without a range, or for a period that ends before it starts', async () => {
    const { programId } = await createMember(setting);
    expect(await refusalOf(ask({ programId }))).toMatchObject({ reason: 'VALIDATION_FAILED' });
    const { startTime, endTime } = everything.value;
    const backwards = { startTime: endTime, endTime: startTime } as typeof everything.value;
    const range = { case: 'period' as const, value: backwards };
    expect(await refusalOf(ask({ programId, range }))).toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'period.end_time' }],
    });
  });
});
