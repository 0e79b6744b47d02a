// What a ledger that has heard of everything up to a change number is told next.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { eventually } from '@loyalty/local/test-patience.ts';
import pg from 'pg';
import { createActive, createDraft, type Setting, startSetting } from './running-programs.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const admin = () => ({ token: setting.tokens.admin });
const service = () => ({ token: setting.tokens.service });

interface Position {
  epoch: string;
  changeNumber: bigint;
}

/** Where one stands who hasn't heard of anything yet. */
async function positionNow(): Promise<Position> {
  const { programs } = setting.clients;
  const { epoch, changeNumber } = await programs.listProgramRevisions({}, service());
  return { epoch, changeNumber };
}

/** The programs that have changed since, with their revisions, and where that leads. */
async function changesAfter({ epoch, changeNumber: after }: Position) {
  const list = await setting.clients.programs.listProgramRevisions({ epoch, after }, service());
  const revisions = new Map(list.revisions.map((each) => [each.programId, Number(each.revision)]));
  return { ...list, revisions };
}

/** Resolves as soon as `count` changes wait for a lock. */
async function lockWaits(client: pg.Client, count: number): Promise<void> {
  await eventually(async () => {
    const { rows } = await client.query(
      `select 1 from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(rows).toHaveLength(count);
  });
}

async function rename(programId: string, displayName: string): Promise<void> {
  await setting.clients.programs.updateProgram({ programId, program: { displayName } }, admin());
}

describe('the changes after a number', () => {
  test('are those of all programs, each with the revision that a snapshot has', async () => {
    const start = await positionNow();
    const active = await createActive(setting);
    const draft = await createDraft(setting);
    const { revisions, changeNumber, epoch } = await changesAfter(start);
    expect(revisions).toEqual(
      new Map([
        [active.programId, 4],
        [draft.programId, 1],
      ]),
    );
    expect({ changeNumber, epoch }).toEqual({ ...start, changeNumber: start.changeNumber + 5n });
    const { programId } = active;
    const snapshot = await setting.clients.programs.getProgramSnapshot({ programId }, service());
    expect(snapshot).toMatchObject({ revision: 4n, epoch });
  });

  test('are none while nothing changes, not even by a call that repeats another', async () => {
    const { programId } = await createActive(setting);
    const position = await positionNow();
    await setting.clients.programs.activateProgram({ programId }, admin());
    const refused = setting.clients.programs.archiveProgram({ programId }, admin());
    await expect(refused).rejects.toMatchObject({ reason: 'ILLEGAL_TRANSITION' });
    expect(await changesAfter(position)).toMatchObject({ ...position, revisions: new Map() });
  });

  test('never pass over one that is committed late', async () => {
    const [slow, fast] = [await createDraft(setting), await createDraft(setting)];
    const start = await positionNow();
    const blocker = new pg.Client(setting.databaseUrl);
    await blocker.connect();
    try {
      await blocker.query('begin; lock table outbox in share mode');
      const changes = [rename(slow.programId, 'New')];
      await lockWaits(blocker, 1);
      changes.push(rename(fast.programId, 'New'));
      await lockWaits(blocker, 2);
      expect(await changesAfter(start)).toMatchObject({ ...start, revisions: new Map() });
      await blocker.query('commit');
      await Promise.all(changes);
    } finally {
      await blocker.end();
    }
    const { revisions } = await changesAfter(start);
    expect([...revisions.keys()]).toEqual([slow.programId, fast.programId]);
  });

  test('are told in several answers where they are many', async () => {
    const [many, last] = [await createDraft(setting), await createDraft(setting)];
    const start = await positionNow();
    await execute(
      setting.databaseUrl,
      `with taken as (update change_number set n = n + 1500 returning n - 1500 as n)
       insert into program_changes (program_id, revision, verb, fields, actor, request_id, change_time, change_number)
       select '${many.programId}', 1 + i, 'UPDATE_PROGRAM', '[]', 'admin:jane', 'request', now(), n + i
       from taken, generate_series(1, 1500) as i`,
    );
    await rename(last.programId, 'New');
    const first = await changesAfter(start);
    expect(first.revisions).toEqual(new Map([[many.programId, 1_001]]));
    expect(first.changeNumber).toBe(start.changeNumber + 1_000n);
    const second = await changesAfter(first);
    expect(second.revisions).toEqual(
      new Map([
        [many.programId, 1_501],
        [last.programId, 2],
      ]),
    );
    expect(await changesAfter(second)).toMatchObject({ revisions: new Map() });
  });
});

describe('a database that was restored', () => {
  /** As it is after a dump was loaded. */
  const restore = () =>
    execute(
      setting.databaseUrl,
      `begin;
       create table dumped as select * from change_number;
       truncate change_number;
       insert into change_number select n from dumped;
       drop table dumped;
       commit;`,
    );

  test('has another epoch, in which nothing is told by numbers of the one before', async () => {
    const before = await positionNow();
    await createDraft(setting);
    await restore();
    const after = await changesAfter(before);
    expect(after.epoch).not.toBe(before.epoch);
    expect(after).toMatchObject({ changeNumber: before.changeNumber + 1n, revisions: new Map() });
    expect(await positionNow()).toMatchObject({ epoch: after.epoch });
  });

  test('leaves nothing out of a snapshot for one who knows a revision from before', async () => {
    const { programId } = await createActive(setting);
    const { programs } = setting.clients;
    const known = await programs.getProgramSnapshot({ programId }, service());
    const ask = async () => {
      const { epoch, revision: knownRevision } = known;
      const query = { programId, epoch, knownRevision };
      return (await programs.getProgramSnapshot(query, service())).ruleSets.length;
    };
    expect(await ask()).toBe(0);
    await restore();
    expect(await ask()).toBe(1);
  });

  test('whose epoch is the same shows by a smaller number', async () => {
    const { epoch, changeNumber } = await positionNow();
    const ahead = { epoch, changeNumber: changeNumber + 7n };
    expect(await changesAfter(ahead)).toMatchObject({ epoch, changeNumber, revisions: new Map() });
  });
});
