import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { eventually } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import type { Pool } from 'pg';
import { verifyLedger } from '../src/verify/verify-ledger.ts';
import { createMember, type Setting, startSetting } from './running-ledger.ts';

let setting: Setting;
let pool: Pool;
beforeAll(async () => {
  setting = await startSetting();
  const logger = createLogger({ name: 'test', level: 'silent' });
  pool = createPool({ url: setting.databaseUrl, max: 2, applicationName: 'test', logger });
});
afterAll(async () => {
  await pool.end();
  await setting.stop();
});

async function offenders(): Promise<readonly string[]> {
  const violations = await verifyLedger(pool, { nats: setting.nats });
  expect(violations.filter(({ id }) => id !== 'I7')).toEqual([]);
  return violations.flatMap((violation) => violation.offenders);
}

test('every entry has its event, waiting or published, at any moment', async () => {
  for (const cents of [10_000, 20_000, 30_000]) {
    await createMember(setting, { cents });
    expect(await offenders()).toEqual([]);
  }
});

test('an event that is missing, published twice, or of no entry is noticed', async () => {
  await createMember(setting, { cents: 10_000 });
  await eventually(async () => {
    expect((await pool.query('SELECT FROM outbox')).rowCount).toBe(0);
  });
  const [member] = (await pool.query('SELECT max(membership_id) AS id FROM memberships')).rows;

  const event = { subject: 'loyalty.events.v1.some-program.points.earned', data: Buffer.of() };
  for (const id of [`${member.id}-1`, '999-1']) {
    await setting.publisher.publish({
      ...event,
      headers: { 'ce-id': id, 'ce-source': '/ledger' },
    });
  }
  await setting.publisher.publish({
    ...event,
    headers: { 'ce-id': 'another', 'ce-source': '/programs' },
  });
  // Late enough not to be taken for one from before the stream was made, by a clock that is wrong.
  await execute(
    setting.databaseUrl,
    `INSERT INTO entries SELECT membership_id, last_sequence + 1, 'RESUMED', 0, 0, 0, 0, available,
       NULL, NULL, NULL, NULL, 'nobody', '', now() + interval '2 minutes'
     FROM memberships WHERE membership_id = ${member.id};
     UPDATE memberships SET last_sequence = last_sequence + 1, last_entry_time = create_time
     FROM entries WHERE memberships.membership_id = ${member.id}
       AND entries.membership_id = ${member.id} AND sequence = last_sequence + 1`,
  );
  expect(await offenders()).toEqual([
    expect.stringMatching(
      `^event ${member.id}-3 \\(RESUMED of .*\\): is neither in the outbox nor in the stream$`,
    ),
    'event 999-1: was announced, and there is no such entry',
    `event ${member.id}-1: is in the stream 2 times`,
  ]);
});
