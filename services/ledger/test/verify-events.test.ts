import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { eventually } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { setUpStreams } from '@loyalty/platform/messaging/set-up-streams.ts';
import { platformStreams } from '@loyalty/platform/messaging/streams.ts';
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

async function verify(): Promise<{ offenders: readonly string[]; notes: readonly string[] }> {
  const notes: string[] = [];
  const violations = await verifyLedger(pool, {
    nats: setting.nats,
    onChecked: (_invariant, _violation, said) => notes.push(...said),
  });
  expect(violations.filter(({ id }) => id !== 'I7')).toEqual([]);
  return { offenders: violations.flatMap((violation) => violation.offenders), notes };
}

async function offenders(): Promise<readonly string[]> {
  return (await verify()).offenders;
}

async function outboxIsEmpty(): Promise<void> {
  await eventually(async () => {
    expect((await pool.query('SELECT FROM outbox')).rowCount).toBe(0);
  });
}

test('every entry has its event, waiting or published, at any moment', async () => {
  for (const cents of [10_000, 20_000, 30_000]) {
    await createMember(setting, { cents });
    expect(await offenders()).toEqual([]);
  }
});

test('an event that is published again as it was is noted, and breaks nothing', async () => {
  await createMember(setting, { cents: 10_000 });
  await outboxIsEmpty();
  const manager = await (await setting.nats.connection()).jetstreamManager();
  const { last_seq: seq } = (await manager.streams.info('LOYALTY_EVENTS')).state;
  const { subject, data, header } = await manager.streams.getMessage('LOYALTY_EVENTS', { seq });
  const id = header.get('ce-id');
  const headers = { 'ce-id': id, 'ce-source': header.get('ce-source') };
  // Without the header that makes the stream drop it, as after its time.
  await setting.publisher.publish({ subject, data, headers });
  const { offenders: none, notes } = await verify();
  expect(none).toEqual([]);
  expect(notes).toEqual([
    expect.stringMatching(
      /^no entry was compared with the stream yet, .*; verify again after .*Z$/,
    ),
    `event ${id} is in the stream more than once, the same each time: events are delivered at least once`,
  ]);
});

test('a stream that is younger than the journal is named, and its older entries are not missed', async () => {
  const connection = await setting.nats.connection();
  await (await connection.jetstreamManager()).streams.delete('LOYALTY_EVENTS');
  await setUpStreams(connection, platformStreams);
  expect(await verify()).toEqual({
    offenders: [],
    notes: [
      expect.stringMatching(
        /^no entry was compared with the stream yet, .*Z: the stream is younger than the journal, which begins at .*Z$/,
      ),
    ],
  });
});

test('an event that is missing, published with other contents, or of no entry is noticed', async () => {
  await createMember(setting, { cents: 10_000 });
  await outboxIsEmpty();
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
    `INSERT INTO entries SELECT membership_id, last_sequence + 1, 'RESUMED', 1, 0, 0, 0, 0, available,
       NULL, NULL, NULL, NULL, 'nobody', '', now() + interval '2 minutes', NULL, NULL, NULL, NULL, NULL, program_id
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
    `event ${member.id}-1: was published more than once, with different contents`,
  ]);
});
