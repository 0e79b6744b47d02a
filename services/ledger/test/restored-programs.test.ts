// What becomes of a ledger's knowledge when the database of the Programs service is restored under it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { eventually } from '@loyalty/local/test-patience.ts';
import pg from 'pg';
import { fixed } from './custom-program.ts';
import {
  admin,
  checkout,
  createMember,
  purchase,
  refusalOf,
  type Setting,
  startSetting,
} from './running-ledger.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

/** As a dump from before the program's last change would restore it. */
async function undoLastChange(programId: string): Promise<void> {
  await execute(
    setting.programsDatabaseUrl,
    `begin;
     delete from program_changes using programs
     where program_changes.program_id = '${programId}' and programs.program_id = '${programId}'
       and program_changes.revision = programs.revision;
     update programs set state = 'ACTIVE', revision = revision - 1, changed_in = revision - 1
     where program_id = '${programId}';
     truncate change_number;
     insert into change_number select max(change_number) from program_changes;
     commit;`,
  );
}

async function storedSnapshot(programId: string): Promise<{ epoch: string; revision: string }> {
  const ledger = new pg.Client(setting.databaseUrl);
  await ledger.connect();
  try {
    const { rows } = await ledger.query(
      'SELECT epoch, revision FROM program_snapshots WHERE program_id = $1',
      [programId],
    );
    return rows[0];
  } finally {
    await ledger.end();
  }
}

test('what was undone doesn’t count, though as many changes have been made since', async () => {
  const member = await createMember(setting, { cents: 10_000 });
  const { programId } = member;
  const { programs, rewards } = setting.clients;
  const earn = () =>
    setting.clients.ledger.earn({ ...member, transaction: purchase(10_000) }, checkout);
  await programs.suspendProgram({ programId }, admin);
  await eventually(async () =>
    expect(await refusalOf(earn())).toMatchObject({ reason: 'PROGRAM_NOT_ACTIVE' }),
  );
  const before = await eventually(async () => {
    const stored = await storedSnapshot(programId);
    expect(stored.revision).toBe('5');
    return stored;
  });

  await undoLastChange(programId);
  await rewards.createReward({ programId, reward: fixed('glass', 5n) }, admin);
  await eventually(earn);
  const { redemptions } = setting.clients;
  await redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey: 'k' }, checkout);
  await eventually(async () => {
    const { epoch, revision } = await storedSnapshot(programId);
    expect(revision).toBe('5');
    expect(epoch).not.toBe(before.epoch);
  });

  await setting.stopPrograms();
  await setting.restartLedger();
  expect((await earn()).earn?.points).toBe(5n);
});
