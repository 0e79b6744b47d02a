import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { Program_Enrollment } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import pg from 'pg';
import { beginElsewhere } from './other-transaction.ts';
import {
  admin,
  availablePoints,
  checkout,
  createMember,
  createProgram,
  encodeEarn,
  purchase,
  refusalOf,
  type Setting,
  startSetting,
  tokenOf,
} from './running-ledger.ts';

let setting: Setting;
let database: pg.Client;
beforeAll(async () => {
  setting = await startSetting();
  database = new pg.Client(setting.databaseUrl);
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await setting.stop();
});

interface DeadLetterRow {
  state: string;
  reason: string;
  detail: string;
  program_id: string;
  transaction_id: string;
  payload: Buffer;
}

/** The dead letters of a subject, once all of the stream has been dealt with. */
async function deadLettersOf(subject: string): Promise<DeadLetterRow[]> {
  await streamIsEmpty();
  const { rows } = await database.query<DeadLetterRow>(
    'SELECT * FROM dead_letters WHERE subject = $1 ORDER BY dead_letter_id',
    [subject],
  );
  return rows;
}

async function streamIsEmpty(): Promise<void> {
  const manager = await (await setting.nats.connection()).jetstreamManager();
  await eventually(async () => {
    const { state } = await manager.streams.info('LOYALTY_IN');
    expect(state.messages).toBe(0);
  });
}

/** How many messages wait that were delivered before. */
async function redelivered(): Promise<number> {
  const manager = await (await setting.nats.connection()).jetstreamManager();
  return (await manager.consumers.info('LOYALTY_IN', 'ledger-earns')).num_redelivered;
}

const json = { 'Content-Type': 'application/json' };
const subjectOf = (programId: string) => `loyalty.earn.v1.${programId}`;

async function publish(
  programId: string,
  data: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<void> {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  await setting.publisher.publish({ subject: subjectOf(programId), data: bytes, headers });
}

describe('a purchase on the stream', () => {
  test('is credited, as protobuf and as JSON, and when it was submitted by a call', async () => {
    const member = await createMember(setting);
    const submitted = purchase(10_000);
    const answer = await setting.clients.ledger.submitEarn(
      { ...member, transaction: submitted },
      checkout,
    );
    expect(answer).toMatchObject({ transactionId: submitted.transactionId, state: 1 });
    await publish(member.programId, encodeEarn({ ...member, transaction: purchase(20_000) }));
    const text = JSON.stringify({
      ...member,
      transaction: {
        transactionId: 'json-1',
        occurTime: '2024-05-01T12:00:00Z',
        amount: { currencyCode: 'USD', minorUnits: '30000' },
      },
    });
    await publish(member.programId, text, json);
    await eventually(async () => expect(await availablePoints(setting, member)).toBe(30n));

    const { earn } = await setting.clients.ledger.getEarn(
      { programId: member.programId, transactionId: submitted.transactionId },
      checkout,
    );
    expect(earn?.points).toBe(5n);
    const { entries } = await setting.clients.ledger.listEntries(member, checkout);
    expect(entries.map(({ actor }) => actor)).toContain('service:checkout');
  });

  test('that comes again is credited once', async () => {
    const member = await createMember(setting);
    const transaction = purchase(10_000);
    const event = encodeEarn({ ...member, transaction });
    for (let index = 0; index < 3; index++) await publish(member.programId, event);
    await setting.clients.ledger.earn({ ...member, transaction }, checkout);
    await streamIsEmpty();
    expect(await availablePoints(setting, member)).toBe(5n);
    expect(await deadLettersOf(subjectOf(member.programId))).toEqual([]);
  });

  test('is told apart from a bad one among five hundred', async () => {
    const member = await createMember(setting);
    const events = Array.from({ length: 500 }, (_, index) =>
      index === 250
        ? Buffer.from('poison')
        : encodeEarn({ ...member, transaction: purchase(10_000) }),
    );
    await Promise.all(events.map((event) => publish(member.programId, event)));
    const letters = await deadLettersOf(subjectOf(member.programId));
    expect(letters).toMatchObject([{ state: 'DEAD', payload: Buffer.from('poison') }]);
    expect(await availablePoints(setting, member)).toBe(499n * 5n);
  });
});

test(
  'a purchase whose key another replica keeps is delivered until it can be credited, and holds up no other',
  async () => {
    const settings = { enrollment: Program_Enrollment.AUTO };
    const programId = await createProgram(setting, { settings });
    const other = await beginElsewhere(setting.databaseUrl);
    try {
      const key = [programId, 'order-1'];
      await other.query(
        "INSERT INTO earns (program_id, transaction_id, state) VALUES ($1, $2, 'AWAITED')",
        key,
      );
      const own = purchase(10_000, { transactionId: 'order-1' });
      const purchases = Array.from({ length: 200 }, () => purchase(10_000)).toSpliced(100, 0, own);
      await Promise.all(
        purchases.map((transaction, index) =>
          publish(programId, encodeEarn({ programId, userId: `user-${index}`, transaction })),
        ),
      );
      const credited = async () => {
        const { rows } = await database.query(
          'SELECT count(*)::int AS n FROM earns WHERE program_id = $1',
          [programId],
        );
        return rows[0].n;
      };
      await eventually(async () => expect(await credited()).toBe(200));
      await eventually(async () => expect(await redelivered()).toBeGreaterThan(0), 20_000);
      await other.query('ROLLBACK');
      await streamIsEmpty();
      expect(await credited()).toBe(201);
      expect(await deadLettersOf(subjectOf(programId))).toEqual([]);
    } finally {
      await other.end();
    }
  },
  patience(60_000),
);

describe('a message that can’t be applied is kept, with its reason:', () => {
  const good = { userId: 'alice', transaction: purchase(10_000) };

  test.each([
    ['an empty one', () => ({ data: '' }), 'VALIDATION_FAILED'],
    ['garbage', () => ({ data: '\xff\xfe\x00garbage' }), 'VALIDATION_FAILED'],
    ['JSON that is none', () => ({ data: '{"userId":', headers: json }), 'VALIDATION_FAILED'],
    [
      'JSON with an unknown field',
      () => ({ data: '{"userID": "alice"}', headers: json }),
      'VALIDATION_FAILED',
    ],
    [
      'another type of content',
      (programId: string) => ({
        data: encodeEarn({ ...good, programId }),
        headers: { 'Content-Type': 'text/xml' },
      }),
      'VALIDATION_FAILED',
    ],
    [
      'an id with a NUL',
      (programId: string) => ({
        data: encodeEarn({
          ...good,
          programId,
          transaction: purchase(1, { transactionId: 'a\0b' }),
        }),
      }),
      'VALIDATION_FAILED',
    ],
    [
      'a user with a NUL',
      (programId: string) => ({ data: encodeEarn({ ...good, programId, userId: 'a\0' }) }),
      'VALIDATION_FAILED',
    ],
    [
      'a negative amount',
      (programId: string) => ({
        data: encodeEarn({ ...good, programId, transaction: purchase(-1) }),
      }),
      'VALIDATION_FAILED',
    ],
    [
      'another program than its subject’s',
      () => ({ data: encodeEarn({ ...good, programId: 'another-program' }) }),
      'VALIDATION_FAILED',
    ],
    [
      'a huge one',
      (programId: string) => ({
        data: encodeEarn({
          ...good,
          programId,
          transaction: purchase(1, { transactionId: 'x'.repeat(900_000) }),
        }),
      }),
      'VALIDATION_FAILED',
    ],
    [
      'of a user who is no member',
      (programId: string) => ({
        data: encodeEarn({ programId, userId: 'nobody', transaction: purchase(1) }),
      }),
      'MEMBERSHIP_NOT_FOUND',
    ],
  ])('%s', async (_, messageFor, reason) => {
    const { programId } = await createMember(setting);
    const { data, headers = {} } = messageFor(programId) as {
      data: Uint8Array | string;
      headers?: Record<string, string>;
    };
    await publish(programId, data, headers);
    const letters = await deadLettersOf(subjectOf(programId));
    expect(letters).toMatchObject([{ state: 'DEAD', reason, program_id: programId }]);
    expect(letters[0]?.payload.equals(Buffer.from(data as string))).toBe(true);
  });

  test('of an unknown program', async () => {
    const programId = 'no-such-program';
    await publish(programId, encodeEarn({ ...good, programId }));
    const letters = await deadLettersOf(subjectOf(programId));
    expect(letters).toMatchObject([{ state: 'DEAD', reason: 'PROGRAM_NOT_FOUND' }]);
  });

  test('of a known transaction with other content, and asking for the earn tells of it', async () => {
    const member = await createMember(setting);
    const missing = { ...member, userId: 'nobody', transaction: purchase(10_000) };
    const { transactionId } = missing.transaction;
    await publish(member.programId, encodeEarn(missing));
    const [letter] = await deadLettersOf(subjectOf(member.programId));
    expect(letter?.transaction_id).toBe(transactionId);
    const getEarn = setting.clients.ledger.getEarn(
      { programId: member.programId, transactionId },
      admin,
    );
    expect(await refusalOf(getEarn)).toMatchObject({
      reason: 'EARN_NOT_POSTED',
      metadata: { reason: 'MEMBERSHIP_NOT_FOUND', deadLetterId: expect.stringMatching(/^\d+$/) },
    });

    const transaction = purchase(10_000);
    await setting.clients.ledger.earn({ ...member, transaction }, checkout);
    const other = { ...transaction, amount: { currencyCode: 'USD', minorUnits: 1n } };
    await publish(member.programId, encodeEarn({ ...member, transaction: other }));
    const letters = await deadLettersOf(subjectOf(member.programId));
    expect(letters[1]).toMatchObject({ state: 'DEAD', reason: 'TRANSACTION_CONFLICT' });
    expect(await availablePoints(setting, member)).toBe(5n);

    const known = { programId: member.programId, transactionId: transaction.transactionId };
    const { ledger, deadLetters } = setting.clients;
    const { earn } = await ledger.getEarn(known, checkout);
    const deadLetterId = earn?.unappliedReport?.deadLetterId ?? '';
    expect(earn).toMatchObject({
      points: 5n,
      unappliedReport: { reason: ErrorReason.TRANSACTION_CONFLICT },
    });
    const { deadLetter } = await deadLetters.getDeadLetter({ deadLetterId }, admin);
    expect(deadLetter?.detail).toContain('transaction.amount');
    const alice = await tokenOf('member', 'alice');
    expect((await ledger.getEarn(known, alice)).earn?.unappliedReport).toBeUndefined();
    await deadLetters.discardDeadLetter({ deadLetterId }, admin);
    expect((await ledger.getEarn(known, admin)).earn?.unappliedReport).toBeUndefined();
  });

  test.each<[string, (text: string) => string, Record<string, string>]>([
    ['with an unknown field', (text) => text.replace('{', '{"foo":1,'), json],
    ['with an amount that is no integer', (text) => text.replace('"25000"', '"0x10"'), json],
    ['without an amount', (text) => text.replace(',"minorUnits":"25000"', ''), json],
    ['without an end', (text) => text.slice(0, -20), json],
    ['without its content type', (text) => text, {}],
  ])('JSON %s, and asking for the earn leads to it', async (_, garble, headers) => {
    const { programId, userId } = await createMember(setting);
    const transaction = {
      transactionId: `json-${randomUUID()}`,
      occurTime: '2024-05-01T12:00:00Z',
      amount: { currencyCode: 'USD', minorUnits: '25000' },
    };
    const text = garble(JSON.stringify({ programId, userId, transaction }));
    await publish(programId, text, headers);
    const [letter] = await deadLettersOf(subjectOf(programId));
    const { transactionId } = transaction;
    expect(letter).toMatchObject({ reason: 'VALIDATION_FAILED', transaction_id: transactionId });
    const getEarn = setting.clients.ledger.getEarn({ programId, transactionId }, checkout);
    expect(await refusalOf(getEarn)).toMatchObject({
      reason: 'EARN_NOT_POSTED',
      metadata: { reason: 'VALIDATION_FAILED', deadLetterId: expect.stringMatching(/^\d+$/) },
    });
  });

  test('JSON and protobuf, each with its own names of the fields', async () => {
    const { programId, userId } = await createMember(setting);
    const transaction = purchase(1);
    const event = {
      programId,
      userId,
      transaction: { ...transaction, amount: { currencyCode: 'QQQ' } },
    };
    await publish(programId, encodeEarn(event));
    const [protobuf] = await deadLettersOf(subjectOf(programId));
    const text = JSON.stringify({
      ...{ programId, userId },
      transaction: {
        transactionId: 'json',
        occurTime: '2024-05-01T12:00:00Z',
        amount: { currencyCode: 'QQQ', minorUnits: 1 },
      },
    });
    await publish(programId, text, json);
    const [, ofJson] = await deadLettersOf(subjectOf(programId));
    expect(protobuf?.detail).toBe('transaction.amount.minor_units: must be given');
    expect(ofJson?.detail).toMatch(/^transaction\.amount\.currencyCode: unknown currency QQQ/);
  });
});

describe('while a program is suspended', () => {
  test('its purchases wait without holding up others, and are credited afterwards', async () => {
    const suspended = await createMember(setting);
    const other = await createMember(setting);
    const { programs } = setting.clients;
    await programs.suspendProgram({ programId: suspended.programId }, admin);
    await eventually(async () => {
      const earn = setting.clients.ledger.earn(
        { ...suspended, transaction: purchase(0) },
        checkout,
      );
      expect(await refusalOf(earn)).toMatchObject({ reason: 'PROGRAM_NOT_ACTIVE' });
    });
    await Promise.all(
      Array.from({ length: 1_000 }, () =>
        publish(suspended.programId, encodeEarn({ ...suspended, transaction: purchase(10_000) })),
      ),
    );
    await publish(other.programId, encodeEarn({ ...other, transaction: purchase(10_000) }));
    await eventually(async () => expect(await availablePoints(setting, other)).toBe(5n));
    const letters = await deadLettersOf(subjectOf(suspended.programId));
    expect(letters).toHaveLength(1_000);
    expect(new Set(letters.map(({ state }) => state))).toEqual(new Set(['WAITING']));

    await programs.activateProgram({ programId: suspended.programId }, admin);
    await eventually(async () =>
      expect(await availablePoints(setting, suspended)).toBe(1_000n * 5n),
    );
    await eventually(async () =>
      expect(await deadLettersOf(subjectOf(suspended.programId))).toEqual([]),
    );
  });
});

test('a message that comes too often for its member waits its turn', async () => {
  const programId = await createProgram(setting, { settings: { limits: { earnsPerMinute: 1 } } });
  const member = { programId, userId: 'alice' };
  await setting.clients.memberships.joinProgram(member, checkout);
  for (let index = 0; index < 2; index++) {
    await publish(programId, encodeEarn({ ...member, transaction: purchase(10_000) }));
  }
  const letters = await deadLettersOf(subjectOf(programId));
  expect(letters).toMatchObject([{ state: 'WAITING', reason: 'VELOCITY_LIMIT' }]);
  expect(await availablePoints(setting, member)).toBe(5n);
});
