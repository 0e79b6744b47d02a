import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLedger } from '@loyalty/ledger/wiring.ts';
import { unusedPort } from '@loyalty/local/free-port.ts';
import { createTestDatabase, type TestDatabase } from '@loyalty/local/test-environment.ts';
import { eventually } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import type { RunningService } from '@loyalty/platform/running-service.ts';
import { ProgramChange_Verb } from '@loyalty/proto/loyalty/programs/v1/program_change_pb.ts';
import { Program_State } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import pg from 'pg';
import { createActive, createDraft, type Setting, startSetting } from './running-programs.ts';

let setting: Setting;
let database: TestDatabase;
let ledger: RunningService;
/** What the ledger has logged of its calls. */
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  const grpcPort = await unusedPort();
  setting = await startSetting({ ledgerAddress: `127.0.0.1:${grpcPort}` });
  database = await createTestDatabase('ledger');
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
      done();
    },
  });
  ledger = await startLedger(
    {
      ...setting.config,
      grpcPort,
      database: { url: database.url, poolSize: 4 },
      programs: { address: setting.grpcAddress, tokenFile: undefined },
      queueWaitMsMax: 1_000,
      cell: 0,
      deadLetterDays: 90,
    },
    createLogger({ name: 'ledger', level: 'debug', destination }),
  );
});
afterAll(async () => {
  await ledger.stop();
  await setting.stop();
  await database.drop();
});

const admin = () => ({ token: setting.tokens.admin });

async function createSuspended() {
  const { programId } = await createActive(setting);
  await setting.clients.programs.suspendProgram({ programId }, admin());
  return programId;
}

async function archive(programId: string, call = {}) {
  const { programs } = setting.clients;
  return (await programs.archiveProgram({ programId }, { ...admin(), ...call })).program;
}

async function stateOf(programId: string) {
  const { program } = await setting.clients.programs.getProgram({ programId }, admin());
  return program?.state;
}

function questionsOf(requestId: string) {
  const method = 'loyalty.ledger.v1.RedemptionService/ListOpenHolds';
  return lines.filter((line) => line['method'] === method && line['requestId'] === requestId);
}

/** Does something while the ledger answers nobody who asks for open holds. */
async function whileHoldsCantBeRead<Result>(work: (client: pg.Client) => Promise<Result>) {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('LOCK TABLE redemptions');
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Archives a program, and does something between the question for open holds and its answer. */
async function archiveWhile(programId: string, meanwhile: () => Promise<unknown>) {
  return await whileHoldsCantBeRead(async (client) => {
    const archived = archive(programId);
    archived.catch(() => undefined);
    await eventually(async () => {
      const { rowCount } = await client.query(
        `SELECT FROM pg_locks WHERE relation = 'redemptions'::regclass AND NOT granted`,
      );
      expect(rowCount).toBeGreaterThan(0);
    });
    await meanwhile();
    await client.query('COMMIT');
    return await archived;
  });
}

describe('archiving a suspended program', () => {
  test('ends it, and is written down', async () => {
    const programId = await createSuspended();
    expect(await archive(programId)).toMatchObject({ programId, state: Program_State.ARCHIVED });
    const { changes } = await setting.clients.programs.listProgramChanges({ programId }, admin());
    expect(changes[0]).toMatchObject({
      verb: ProgramChange_Verb.ARCHIVE_PROGRAM,
      actor: 'admin:jane',
      fields: [{ before: '"SUSPENDED"', after: '"ARCHIVED"' }],
    });
  });

  test('asks the ledger for open holds in the name of the caller', async () => {
    const programId = await createSuspended();
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    await archive(programId, { requestId: 'asks', traceparent });
    expect(questionsOf('asks')).toMatchObject([{ code: 'OK', subject: 'jane', traceId }]);
  });

  test('again answers it as it is, without asking', async () => {
    const programId = await createSuspended();
    const archived = await archive(programId);
    expect(await archive(programId, { requestId: 'again' })).toEqual(archived);
    expect(questionsOf('again')).toEqual([]);
  });

  test('that is opened meanwhile is refused', async () => {
    const programId = await createSuspended();
    const { programs } = setting.clients;
    const archived = archiveWhile(programId, () =>
      programs.activateProgram({ programId }, admin()),
    );
    await expect(archived).rejects.toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'ACTIVE', to: 'ARCHIVED' },
    });
    expect(await stateOf(programId)).toBe(Program_State.ACTIVE);
  });

  test('that is opened and suspended meanwhile has to be tried again', async () => {
    const programId = await createSuspended();
    const { programs } = setting.clients;
    const archived = archiveWhile(programId, async () => {
      await programs.activateProgram({ programId }, admin());
      await programs.suspendProgram({ programId }, admin());
    });
    await expect(archived).rejects.toMatchObject({
      reason: 'CONTENTION',
      retryAfterMs: expect.any(Number),
    });
    expect(await stateOf(programId)).toBe(Program_State.SUSPENDED);
    expect((await archive(programId))?.state).toBe(Program_State.ARCHIVED);
  });

  test('whose rewards change meanwhile goes on', async () => {
    const programId = await createSuspended();
    const price = { case: 'fixed' as const, value: { points: 10n } };
    const reward = { rewardId: 'glass', displayName: 'A glass', price };
    const archived = await archiveWhile(programId, () =>
      setting.clients.rewards.createReward({ programId, reward }, admin()),
    );
    expect(archived?.state).toBe(Program_State.ARCHIVED);
  });

  test('twice at the same time ends it once', async () => {
    const programId = await createSuspended();
    const [first, second] = await Promise.all([archive(programId), archive(programId)]);
    expect(first).toEqual(second);
    const { changes } = await setting.clients.programs.listProgramChanges({ programId }, admin());
    const verbs = changes.map(({ verb }) => verb);
    expect(verbs.filter((verb) => verb === ProgramChange_Verb.ARCHIVE_PROGRAM)).toHaveLength(1);
  });

  test('is not possible while the ledger doesn’t answer', async () => {
    const programId = await createSuspended();
    // Not by the client of the other tests, which tries again by itself.
    const path = 'loyalty.programs.v1.ProgramService/ArchiveProgram';
    const archived = () =>
      fetch(`${setting.httpUrl}/${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${setting.tokens.admin}`,
        },
        body: JSON.stringify({ programId }),
      });
    const response = await whileHoldsCantBeRead(archived);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'unavailable' });
    expect(await stateOf(programId)).toBe(Program_State.SUSPENDED);
  });
});

test('a draft is archived without asking the ledger', async () => {
  const { programId } = await createDraft(setting);
  const archived = await archive(programId, { requestId: 'draft' });
  expect(archived?.state).toBe(Program_State.ARCHIVED);
  expect(questionsOf('draft')).toEqual([]);
});
