// Purchases from after what the ledger's clock says: the clock may be the one that is wrong.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import pg from 'pg';
import { type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import {
  availablePoints,
  checkout,
  createMember,
  encodeEarn,
  purchase,
  refusalOf,
  secondsAndNanos,
} from './running-ledger.ts';

const hourMs = 3600 * secondMs;

let setting: MovingSetting;
let database: pg.Client;
beforeAll(async () => {
  setting = await startMovingSetting();
  database = new pg.Client(setting.databaseUrl);
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await setting.stop();
});

async function letterOf(transactionId: string): Promise<unknown> {
  const { rows } = await database.query(
    'SELECT state, reason, detail FROM dead_letters WHERE transaction_id = $1',
    [transactionId],
  );
  return rows[0];
}

const detail = "transaction.occur_time: must be at most 5 minutes ahead of the server's clock";

test('a message from an hour ahead waits until the clock is there, and is credited then', async () => {
  const member = await createMember(setting);
  const occurTime = secondsAndNanos(setting.now() + hourMs);
  const transaction = purchase(10_000, { occurTime });
  const refused = setting.clients.ledger.earn({ ...member, transaction }, checkout);
  expect(await refusalOf(refused)).toMatchObject({ code: 3, reason: 'VALIDATION_FAILED' });

  const unsound = purchase(10_000, { occurTime, amount: { currencyCode: 'XXQ', minorUnits: 1n } });
  for (const reported of [transaction, unsound]) {
    await setting.publisher.publish({
      subject: `loyalty.earn.v1.${member.programId}`,
      data: encodeEarn({ ...member, transaction: reported }),
    });
  }
  await eventually(async () => {
    expect(await letterOf(transaction.transactionId)).toEqual({
      state: 'WAITING',
      reason: 'VALIDATION_FAILED',
      detail,
    });
    expect(await letterOf(unsound.transactionId)).toMatchObject({ state: 'DEAD' });
  });

  setting.letPass(hourMs);
  await eventually(async () => expect(await availablePoints(setting, member)).toBe(5n));
  await eventually(async () => expect(await letterOf(transaction.transactionId)).toBeUndefined());
});

test('a ledger whose clock is far from the database’s serves, but is not ready', async () => {
  const isReady = async () => (await fetch(`${setting.managementUrl}/readyz`)).status === 200;
  setting.letPass(-(setting.now() - Date.now()));
  await setting.restartLedger();
  await eventually(async () => expect(await isReady()).toBe(true));
  setting.letPass(hourMs);
  await setting.restartLedger();
  const member = await createMember(setting, { cents: 10_000 });
  expect(await availablePoints(setting, member)).toBe(5n);
  await eventually(async () => expect(await isReady()).toBe(false));
});
