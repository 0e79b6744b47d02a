import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import { setUpStreams } from '@loyalty/platform/messaging/set-up-streams.ts';
import { platformStreams } from '@loyalty/platform/messaging/streams.ts';
import {
  availablePoints,
  checkout,
  createMember,
  createProgram,
  encodeEarn,
  purchase,
  refusalOf,
  type Setting,
  startSetting,
} from './running-ledger.ts';

/** Services look at their streams every ten seconds. */
const noticedMs = 25_000;

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop(), patience(60_000));

test('without the Programs service the ledger goes on, also over its own restart', async () => {
  const member = await createMember(setting, { cents: 10_000, rewards: { glass: 5n } });
  const unknown = {
    programId: await createProgram(setting, { settings: { enrollment: 2 } }),
    userId: 'alice',
  };
  await setting.stopPrograms();
  await setting.restartLedger();

  const { ledger, redemptions } = setting.clients;
  const { balance } = await ledger.earn({ ...member, transaction: purchase(10_000) }, checkout);
  expect(balance?.available).toBe(10n);
  await redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey: 'k' }, checkout);
  expect(await availablePoints(setting, member)).toBe(5n);

  const asked = ledger.earn({ ...unknown, transaction: purchase(10_000) }, checkout);
  expect(await refusalOf(asked)).toMatchObject({ code: 14, reason: 'PROGRAMS_UNAVAILABLE' });
  const transaction = purchase(10_000);
  await setting.publisher.publish({
    subject: `loyalty.earn.v1.${unknown.programId}`,
    data: encodeEarn({ ...unknown, transaction }),
  });
  const getEarn = () =>
    ledger.getEarn(
      { programId: unknown.programId, transactionId: transaction.transactionId },
      checkout,
    );
  await eventually(async () =>
    expect(await refusalOf(getEarn())).toMatchObject({
      metadata: { reason: 'PROGRAMS_UNAVAILABLE' },
    }),
  );

  await setting.startPrograms();
  await eventually(async () => expect((await getEarn()).earn?.points).toBe(5n));
  await eventually(async () => expect(await availablePoints(setting, unknown)).toBe(5n));
});

test(
  'a ledger whose streams are gone is not ready until they are set up again',
  async () => {
    const isReady = async () => (await fetch(`${setting.managementUrl}/readyz`)).status === 200;
    await eventually(async () => expect(await isReady()).toBe(true));
    const connection = await setting.nats.connection();
    const { streams } = await connection.jetstreamManager();
    await streams.delete('LOYALTY_IN');
    await eventually(async () => expect(await isReady()).toBe(false), noticedMs);
    await setUpStreams(connection, platformStreams);
    await eventually(async () => expect(await isReady()).toBe(true), noticedMs);
    const member = await createMember(setting);
    const { ledger } = setting.clients;
    await ledger.submitEarn({ ...member, transaction: purchase(10_000) }, checkout);
    await eventually(
      async () => expect(await availablePoints(setting, member)).toBe(5n),
      noticedMs,
    );
  },
  patience(60_000),
);

test('without NATS the ledger goes on, and says that it can’t accept submitted purchases', async () => {
  const member = await createMember(setting);
  const isReady = async () => (await fetch(`${setting.managementUrl}/readyz`)).status === 200;
  await eventually(async () => expect(await isReady()).toBe(true));
  await setting.stopNats();
  const { ledger } = setting.clients;
  const { balance } = await ledger.earn({ ...member, transaction: purchase(10_000) }, checkout);
  expect(balance?.available).toBe(5n);
  const submitted = ledger.submitEarn({ ...member, transaction: purchase(10_000) }, checkout);
  expect(await refusalOf(submitted)).toMatchObject({ code: 14, reason: 'STORAGE_UNAVAILABLE' });
  expect(await isReady()).toBe(true);
});
