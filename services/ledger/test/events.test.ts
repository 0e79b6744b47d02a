import { fromBinary } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import type { IncomingMessage } from '@loyalty/platform/messaging/consumer.ts';
import { EntryRecordedSchema } from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import { type Entry, Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { createCustomProgram } from './custom-program.ts';
import { receiveEvents } from './received-events.ts';
import {
  availablePoints,
  checkout,
  createMember,
  purchase,
  type Setting,
  startSetting,
  tokenOf,
} from './running-ledger.ts';

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

/** The ledger's events of a program, in the order of their ids. */
function eventsOf(programId: string): IncomingMessage[] {
  return events.received
    .filter(({ subject }) => subject.startsWith(`loyalty.events.v1.${programId}.`))
    .filter((message) => message.header('ce-source') === '/ledger')
    .toSorted((a, b) => sequenceOf(a) - sequenceOf(b));
}

function sequenceOf(message: IncomingMessage): number {
  return Number(message.header('ce-id')?.split('-')[1]);
}

test('every entry of the journal is announced once, under an id without gaps', async () => {
  const member = await createMember(setting, { rewards: { glass: 10n } });
  const { ledger, redemptions } = setting.clients;
  await ledger.earn(
    { ...member, transaction: purchase(25_000) },
    { ...checkout, requestId: 'call-of-the-earn' },
  );
  const alice = await tokenOf('member', 'alice');
  const glass = { ...member, rewardId: 'glass' };
  await redemptions.redeem({ ...glass, idempotencyKey: 'a' }, alice);
  await redemptions.redeem({ ...glass, idempotencyKey: 'b' }, alice).catch(() => undefined);

  await eventually(() => expect(eventsOf(member.programId)).toHaveLength(4));
  const events = eventsOf(member.programId);
  expect(events.map(sequenceOf)).toEqual([1, 2, 3, 4]);
  expect(events.map((event) => event.header('ce-type'))).toEqual([
    'loyalty.membership.joined',
    'loyalty.points.earned',
    'loyalty.redemption.captured',
    'loyalty.redemption.rejected',
  ]);
  expect(events.map(({ subject }) => subject)).toContain(
    `loyalty.events.v1.${member.programId}.points.earned`,
  );

  const [, earned, captured] = events.map(({ data }) => fromBinary(EntryRecordedSchema, data));
  expect(earned).toMatchObject({
    ...member,
    entry: { kind: Entry_Kind.EARN, points: 10n, sequence: 2n, requestId: 'call-of-the-earn' },
  });
  expect(captured?.entry).toMatchObject({ points: -10n, actor: 'member' });
  expect(events[2]?.header('ce-actor')).toBe('member');
  const [, event] = events;
  expect(event?.header('ce-id')).toBe(`${earned?.membershipId}-2`);
  expect(event?.header('ce-specversion')).toBe('1.0');
  expect(event?.header('content-type')).toBe('application/protobuf');
  expect(event?.header('ce-actor')).toBe('service:checkout');
  expect(new Date(event?.header('ce-time') ?? '').getTime()).toBeGreaterThan(0);
});

test('an event says what changed of the member besides points', async () => {
  const { memberships, ledger } = setting.clients;
  const programId = await createCustomProgram(setting, {
    ruleSet: { expiry: { policy: { case: 'inactivity', value: { months: 3 } } } },
  });
  const member = { programId, userId: 'alice' };
  const joinTime = timestampFromMs(Date.parse('2020-05-01T00:00:00Z'));
  const attributes = { tier: 'gold' };
  await memberships.joinProgram({ ...member, attributes, joinTime }, checkout);
  const membership = { attributes: { tier: 'silver' } };
  await memberships.updateMembership({ ...member, membership }, checkout);
  await ledger.earn({ ...member, transaction: purchase(1_000) }, checkout);

  await eventually(() => expect(eventsOf(programId)).toHaveLength(3));
  const events = eventsOf(programId).map(({ data }) => fromBinary(EntryRecordedSchema, data).entry);
  const [joined, updated, earned] = events;
  expect(joined).toMatchObject({ joinTime, attributesChange: { before: {}, after: attributes } });
  expect(updated?.attributesChange).toMatchObject({
    before: attributes,
    after: { tier: 'silver' },
  });
  expect(updated).not.toHaveProperty('joinTime');
  const { entries } = await ledger.listEntries(member, checkout);
  // A list also says whose an entry is, and what it is about.
  const told = events.map((entry) => {
    const { userId: _user, rules: _rules, ...rest } = entry as Entry;
    return rest;
  });
  expect(entries.toReversed()).toMatchObject(told);
  const months = (timestamp = timestampFromMs(0)) =>
    (timestampMs(timestamp) - Date.now()) / (30 * 24 * 3_600_000);
  expect(months(earned?.inactivityExpireTime)).toBeCloseTo(3, 0);
});

test('events of many at once arrive once each', async () => {
  const member = await createMember(setting);
  await Promise.all(
    Array.from({ length: 200 }, () =>
      setting.clients.ledger.earn({ ...member, transaction: purchase(10_000) }, checkout),
    ),
  );
  await eventually(() => expect(eventsOf(member.programId).length).toBeGreaterThanOrEqual(201));
  expect(eventsOf(member.programId).map(sequenceOf)).toEqual(
    Array.from({ length: 201 }, (_, index) => index + 1),
  );
  expect(await availablePoints(setting, member)).toBe(1_000n);
});
