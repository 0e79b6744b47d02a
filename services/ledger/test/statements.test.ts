// What changed a balance in a period, over gRPC.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Entry_Kind as Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { RedeemRequest_Capture as Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { createCustomMember, fixed } from './custom-program.ts';
import { dayMs, type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import {
  admin,
  checkout,
  purchase,
  refusalOf,
  secondsAndNanos,
  tokenOf,
} from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting({ stopped: true });
});
afterAll(() => setting.stop());

const alice = await tokenOf('member', 'alice');
const rewards = [fixed('glass', 30n)];

function periodOf(startMs: number, endMs: number) {
  return { startTime: timestampFromMs(startMs), endTime: timestampFromMs(endMs) };
}

/** A member whose purchase of a moment ago gives points that are available in a day. */
async function createWaitingMember() {
  const member = await createCustomMember(setting, {
    dollars: 1,
    ruleSet: { maturation: { policy: { case: 'after', value: { days: 1 } } } },
  });
  const earn = async () => {
    const occurTime = secondsAndNanos(setting.now());
    const transaction = purchase(1_000, { occurTime });
    await setting.clients.ledger.earn({ ...member, transaction }, checkout);
  };
  await earn();
  return { member, earn };
}

test('a statement starts with what there was, and adds up to what there is', async () => {
  const member = await createCustomMember(setting, { dollars: 100, rewards });
  const { ledger, redemptions } = setting.clients;
  setting.letPass(dayMs);
  const startMs = setting.now();
  const occurTime = secondsAndNanos(startMs);
  await ledger.earn({ ...member, transaction: purchase(5_000, { occurTime }) }, checkout);
  const hold = { ...member, rewardId: 'glass', capture: Capture.HOLD, holdSeconds: 60 };
  await redemptions.redeem({ ...hold, idempotencyKey: 'k' }, checkout);

  const statement = await ledger.getStatement(
    { ...member, ...periodOf(startMs, startMs + dayMs) },
    alice,
  );
  const none = { pending: 0n, reserved: 0n, deficit: 0n };
  expect(statement).toMatchObject({
    opening: { available: 100n, ...none },
    closing: { available: 120n, ...none, reserved: 30n },
    totals: [
      { kind: Kind.EARN, entries: 1n, points: 50n, available: 50n, ...none },
      { kind: Kind.RESERVE, entries: 1n, points: 0n, available: -30n, ...none, reserved: 30n },
    ],
    entries: [
      { kind: Kind.RESERVE, sequence: 4n, actor: '', rewardId: 'glass', quantity: 1 },
      { kind: Kind.EARN, sequence: 3n, amount: { minorUnits: 5_000n }, occurTime },
    ],
    nextPageToken: '',
  });

  // The hold ends, and whether or not that is written, it counts.
  setting.letPass(60 * secondMs);
  const later = await ledger.getStatement(
    { ...member, ...periodOf(startMs, startMs + dayMs) },
    admin,
  );
  expect(later.closing).toMatchObject({ available: 150n, reserved: 0n });
  expect(later.entries[0]).toMatchObject({
    kind: Kind.RELEASE,
    sequence: 5n,
    actor: 'system',
    rewardId: 'glass',
  });
});

test('pages have their own entries, and all else of the whole period', async () => {
  const member = await createCustomMember(setting, { dollars: 1 });
  const { ledger } = setting.clients;
  const occurTime = secondsAndNanos(setting.now());
  for (let n = 0; n < 3; n += 1) {
    await ledger.earn({ ...member, transaction: purchase(1_000, { occurTime }) }, checkout);
  }
  const asked = { ...member, ...periodOf(setting.now() - dayMs, setting.now() + dayMs) };
  const first = await ledger.getStatement({ ...asked, pageSize: 3 }, checkout);
  const pageToken = first.nextPageToken;
  const second = await ledger.getStatement({ ...asked, pageSize: 3, pageToken }, checkout);
  const sequences = [first, second].map(({ entries }) => entries.map(({ sequence }) => sequence));
  expect(sequences).toEqual([
    [5n, 4n, 3n],
    [2n, 1n],
  ]);
  for (const { opening, closing, totals } of [first, second]) {
    expect(opening).toMatchObject({ available: 0n });
    expect(closing).toMatchObject({ available: 31n });
    expect(totals).toMatchObject([{ kind: Kind.JOINED }, { kind: Kind.EARN, entries: 4n }]);
  }
  const other = { ...asked, ...periodOf(setting.now() - dayMs, setting.now() + 1), pageToken };
  expect(await refusalOf(ledger.getStatement(other, checkout))).toMatchObject({
    violations: [{ field: 'page_token' }],
  });
});

test('later pages of a period that isn’t over are as of the first', async () => {
  const { member, earn } = await createWaitingMember();
  const { ledger } = setting.clients;
  // Points of both purchases are due.
  setting.letPass(2 * dayMs);
  const asked = { ...member, ...periodOf(setting.now() - 3 * dayMs, setting.now() + 3 * dayMs) };
  const first = await ledger.getStatement({ ...asked, pageSize: 1 }, checkout);
  expect(first.closing).toMatchObject({ available: 11n, pending: 0n });
  expect(first.entries).toMatchObject([{ kind: Kind.MATURE, sequence: 4n }]);

  const rest = async () =>
    await ledger.getStatement({ ...asked, pageToken: first.nextPageToken }, checkout);
  const { opening, closing, totals } = first;
  const whole = { opening, closing, totals, nextPageToken: '' };
  expect(await rest()).toMatchObject(whole);
  await earn();
  expect(await rest()).toMatchObject(whole);
  setting.letPass(2 * dayMs);
  const last = await rest();
  expect(last).toMatchObject(whole);
  expect(last.entries.map(({ sequence }) => sequence)).toEqual([3n, 2n, 1n]);
  const anew = await ledger.getStatement(asked, checkout);
  expect(anew.closing).toMatchObject({ available: 21n });
});

test('what was due is on later pages, too, if it was written after the period', async () => {
  const { member, earn } = await createWaitingMember();
  const { ledger } = setting.clients;
  setting.letPass(2 * dayMs);
  const asked = { ...member, ...periodOf(setting.now() - 3 * dayMs, setting.now() + secondMs) };
  const first = await ledger.getStatement({ ...asked, pageSize: 1 }, checkout);
  expect(first.entries).toMatchObject([{ kind: Kind.MATURE, sequence: 4n }]);
  setting.letPass(2 * secondMs);
  await earn();
  const { opening, closing, totals, nextPageToken: pageToken } = first;
  const rest = await ledger.getStatement({ ...asked, pageToken }, checkout);
  expect(rest).toMatchObject({ opening, closing, totals, nextPageToken: '' });
  expect(rest.entries.map(({ sequence }) => sequence)).toEqual([3n, 2n, 1n]);
});

test('a period has two ends, the second after the first', async () => {
  const member = await createCustomMember(setting, {});
  const refused = async (period: Partial<ReturnType<typeof periodOf>>) => {
    const { reason, violations } = await refusalOf(
      setting.clients.ledger.getStatement({ ...member, ...period }, alice),
    );
    expect(reason).toBe('VALIDATION_FAILED');
    return violations?.map(({ field, message }) => `${field} ${message}`);
  };
  const { startTime, endTime } = periodOf(1_000, 2_000);
  expect(await refused({ endTime })).toEqual(['start_time must be given']);
  expect(await refused({ startTime })).toEqual(['end_time must be given']);
  const empty = ['end_time must be later than start_time'];
  expect(await refused({ startTime, endTime: startTime })).toEqual(empty);
  expect(await refused({ startTime: endTime, endTime: startTime })).toEqual(empty);
});
