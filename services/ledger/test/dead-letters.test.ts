import { fromBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loyalty/local/test-environment.ts';
import { eventually } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { decodeOutboxBatch } from '@loyalty/platform/outbox/batch.ts';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import {
  type SubmissionFailed,
  SubmissionFailed_Kind,
  SubmissionFailedSchema,
} from '@loyalty/proto/loyalty/events/v1/submission_failed_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { Knex } from 'knex';
import type { Decision, Failure } from '../src/app/dead-letters.ts';
import type { StreamMessage } from '../src/app/stream-message.ts';
import { encodeSubmissionFailed } from '../src/events/submission-events.ts';
import { removeDecidedLetters } from '../src/jobs/remove-decided-letters.ts';
import { retryDeadLetters } from '../src/jobs/retry-dead-letters.ts';
import { createDeadLetters } from '../src/storage/dead-letters.ts';

let database: TestDatabase;
let knex: Knex;
beforeAll(async () => {
  database = await createTestDatabase('ledger');
  knex = createKnex({ url: database.url, max: 4, applicationName: 'test' });
});
afterAll(async () => {
  await knex.destroy();
  await database.drop();
});

const noon = Date.parse('2026-05-01T12:00:00Z');

function messageOf(streamSequence: number, changes: Partial<StreamMessage> = {}): StreamMessage {
  return {
    subject: 'loyalty.earn.v1.wine-dine',
    contentType: '',
    payload: Buffer.from([0, 255, 1]),
    streamSequence,
    streamTime: noon,
    author: { actor: 'service:checkout', requestId: 'call-1' },
    ...changes,
  };
}

function waiting(changes: Partial<Failure> = {}): Failure {
  const reason = 'PROGRAM_NOT_ACTIVE';
  return {
    ...{ state: 'WAITING', reason, detail: 'it is SUSPENDED' },
    ...{ failTime: noon, retryAt: noon },
    ...changes,
  };
}

const about = (transactionId: string) => ({
  programId: 'wine-dine',
  transactionId,
  refundId: '',
});

async function keep(message: StreamMessage, failure: Failure, transactionId: string) {
  const deadLetters = createDeadLetters({
    knex,
    encodeFailure: encodeSubmissionFailed,
    wakeRelay: () => undefined,
  });
  await deadLetters.keep({ message, about: about(transactionId), failure });
  return deadLetters;
}

test('a message that is delivered again is kept once; one of a stream made anew is another', async () => {
  await keep(messageOf(1), waiting({ state: 'DEAD' }), 'same-message');
  await keep(messageOf(1), waiting({ state: 'DEAD' }), 'same-message');
  await keep(messageOf(1, { streamTime: noon + 1 }), waiting({ state: 'DEAD' }), 'same-message');
  const rows = await knex('dead_letters').where({ transaction_id: 'same-message' });
  expect(rows).toHaveLength(2);
});

/** The events that wait to be published, each with its id, subject and data. */
async function announced(): Promise<
  { eventId: string; subject: string; data: SubmissionFailed }[]
> {
  const rows = await knex('outbox').orderBy('id');
  return rows.flatMap(({ batch }) =>
    decodeOutboxBatch(batch).messages.map(({ eventId, subject, data }) => ({
      eventId,
      subject,
      data: fromBinary(SubmissionFailedSchema, data),
    })),
  );
}

test('every failed attempt is announced once, under an id of its own', async () => {
  await knex('outbox').delete();
  const refund = messageOf(100, { subject: 'loyalty.refund.v1.wine-dine' });
  const deadLetters = await keep(refund, waiting({ retryAt: noon + 5 }), 'announced');
  await keep(refund, waiting(), 'announced');
  const deadLetterId = await idOf('announced');
  await Promise.all([1, 2].map(() => deadLetters.recordFailure(deadLetterId, waiting())));
  const detail = 'amount.minor_units: must be positive';
  const dead = waiting({ state: 'DEAD', reason: 'VALIDATION_FAILED', detail });
  await deadLetters.recordFailure(deadLetterId, dead);
  await deadLetters.decide(deadLetterId, decision('DISCARDED'));
  await deadLetters.recordFailure(deadLetterId, waiting());

  const events = await announced();
  expect(events.map(({ eventId }) => eventId)).toEqual(
    [1, 2, 3, 4].map((attempt) => `${deadLetterId}-attempt-${attempt}`),
  );
  expect(events[0]).toMatchObject({
    subject: 'loyalty.events.v1.wine-dine.submission.waiting',
    data: {
      ...{ programId: 'wine-dine', transactionId: 'announced', refundId: '' },
      ...{ kind: SubmissionFailed_Kind.REFUND, deadLetterId: String(deadLetterId), attempt: 1 },
      ...{ reason: ErrorReason.PROGRAM_NOT_ACTIVE, detail: 'it is SUSPENDED' },
      ...{ retryTime: timestampFromMs(noon + 5), subject: 'loyalty.refund.v1.wine-dine' },
    },
  });
  expect(events[3]).toMatchObject({
    subject: 'loyalty.events.v1.wine-dine.submission.dead',
    data: { reason: ErrorReason.VALIDATION_FAILED, detail, attempt: 4 },
  });
  expect(events[3]?.data.retryTime).toBeUndefined();
});

test('an attempt that can’t be announced isn’t noted, either', async () => {
  const deadLetters = createDeadLetters({
    knex,
    encodeFailure() {
      throw new TypeError('nobody can encode it');
    },
    wakeRelay() {
      throw new Error('nothing was committed');
    },
  });
  const letter = { message: messageOf(101), about: about('unannounced'), failure: waiting() };
  await expect(deadLetters.keep(letter)).rejects.toThrow('nobody can encode it');
  expect(await knex('dead_letters').where({ transaction_id: 'unannounced' })).toEqual([]);
});

test('what can’t be the id of a program has a subject of its own', async () => {
  await knex('outbox').delete();
  const deadLetters = await keep(messageOf(102), waiting({ state: 'DEAD' }), 'unused');
  for (const [index, programId] of ['Wine_Dine', '*', 'a', 'wine-dine-'].entries()) {
    const subject = `loyalty.earn.v1.${programId}`;
    await deadLetters.keep({
      message: messageOf(103 + index, { subject }),
      about: { ...about(`no-program-${index}`), programId },
      failure: waiting({ state: 'DEAD' }),
    });
  }
  const [, ...events] = await announced();
  expect(events.map(({ subject }) => subject)).toEqual(
    Array(4).fill('loyalty.events.v1._.submission.dead'),
  );
  expect(events[0]?.data).toMatchObject({ programId: '', subject: 'loyalty.earn.v1.Wine_Dine' });
});

test('any text is kept, also what the database can’t hold', async () => {
  const detail = `a NUL \0, half a character \ud800, and ${'x'.repeat(10_000)}`;
  const message = messageOf(2, { contentType: 'a\0b' });
  const deadLetters = await keep(message, waiting({ state: 'DEAD', detail }), 'odd\0id');
  expect(await deadLetters.ofPurchase(about('odd\u{FFFD}id'))).toBeDefined();
});

test('a waiting message is taken up by one replica when it is due, and again when that one dies', async () => {
  const deadLetters = await keep(messageOf(3), waiting(), 'due');
  const take = (now: number) => deadLetters.takeDue({ limit: 10, leaseMs: 60_000, now });
  expect(await take(noon - 1)).toEqual([]);
  const taken = (await Promise.all(Array.from({ length: 4 }, () => take(noon)))).flat();
  expect(taken).toMatchObject([{ message: messageOf(3), attempts: 1 }]);
  expect(await take(noon + 59_000)).toEqual([]);
  const [again] = await take(noon + 60_000);
  expect(again?.deadLetterId).toBe(taken[0]?.deadLetterId);

  await deadLetters.recordFailure(again?.deadLetterId ?? 0n, waiting({ retryAt: noon + 200_000 }));
  expect(await take(noon + 199_999)).toEqual([]);
  expect(await take(noon + 200_000)).toMatchObject([{ attempts: 2 }]);
  await deadLetters.remove([again?.deadLetterId ?? 0n]);
  expect(await deadLetters.ofPurchase(about('due'))).toBeUndefined();
});

test('what waits for a program can be made due, and nothing else', async () => {
  const later = noon + 1_000_000;
  const deadLetters = await keep(messageOf(4), waiting({ retryAt: later }), 'program');
  await keep(messageOf(5), waiting({ reason: 'VELOCITY_LIMIT', retryAt: later }), 'velocity');
  await deadLetters.makeDue('wine-dine', noon);
  const due = await deadLetters.takeDue({ limit: 10, leaseMs: 1, now: noon });
  expect(due.map(({ message }) => message.streamSequence)).toEqual([4]);
});

/** The id of a dead letter that was just kept. */
async function idOf(transactionId: string): Promise<bigint> {
  const [row] = await knex('dead_letters').where({ transaction_id: transactionId });
  return row.dead_letter_id;
}

const decision = (state: Decision['state'], changes: Partial<Decision> = {}): Decision => ({
  ...{ state, author: { actor: 'admin:ann', requestId: 'call-2' }, why: 'a test', time: noon },
  ...changes,
});

test('the first decision stays, but that an attempt under way has applied a message counts more', async () => {
  const deadLetters = await keep(messageOf(7), waiting(), 'decided');
  const deadLetterId = await idOf('decided');
  const found = () => deadLetters.find({ deadLetterId, programs: undefined });
  await deadLetters.decide(deadLetterId, decision('DISCARDED'));
  await deadLetters.decide(deadLetterId, decision('DISCARDED', { why: 'another' }));
  expect((await found())?.decision).toEqual(decision('DISCARDED'));
  const replayed = decision('REPLAYED', { why: '', time: noon + 1 });
  await deadLetters.decide(deadLetterId, replayed);
  await deadLetters.decide(deadLetterId, decision('REPLAYED'));
  await deadLetters.decide(deadLetterId, decision('DISCARDED'));
  expect(await found()).toMatchObject({ state: 'REPLAYED', attempts: 2, decision: replayed });
});

test('what was decided is neither tried again, nor changed or removed by a retry', async () => {
  const deadLetters = await keep(messageOf(8), waiting(), 'under-way');
  const deadLetterId = await idOf('under-way');
  await deadLetters.decide(deadLetterId, decision('DISCARDED'));
  const due = await deadLetters.takeDue({ limit: 100, leaseMs: 1, now: noon + 10_000_000 });
  expect(due.map((each) => each.deadLetterId)).not.toContain(deadLetterId);
  await deadLetters.recordFailure(deadLetterId, waiting());
  await deadLetters.remove([deadLetterId]);
  expect(await deadLetters.find({ deadLetterId, programs: undefined })).toMatchObject({
    ...{ state: 'DISCARDED', attempts: 1 },
  });
  expect(await deadLetters.ofPurchase(about('under-way'))).toBeUndefined();
});

test('what was decided is removed when it was kept for its time, and nothing else is', async () => {
  const deadLetters = await keep(messageOf(9), waiting({ state: 'DEAD' }), 'dead-for-long');
  const ids: bigint[] = [];
  for (let index = 0; index < 450; index++) {
    const transactionId = `old-${index}`;
    await keep(messageOf(1_000 + index), waiting({ state: 'DEAD' }), transactionId);
    ids.push(await idOf(transactionId));
  }
  const [newest = 0n, ...others] = ids;
  for (const deadLetterId of others) await deadLetters.decide(deadLetterId, decision('DISCARDED'));
  await deadLetters.decide(newest, decision('DISCARDED', { time: noon + 1 }));
  const stopping = new AbortController();
  let now = noon + 1_000;
  const removing = removeDecidedLetters({
    deadLetters,
    keepMs: 1_000,
    clock: () => now,
    logger: createLogger({ name: 'test', level: 'silent' }),
    signal: stopping.signal,
    pauseMs: 1,
  });
  const left = async () => {
    const rows = await knex('dead_letters').whereLike('transaction_id', 'old-%');
    return rows.map(({ transaction_id: transactionId }) => transactionId);
  };
  try {
    expect(await left()).toHaveLength(450);
    now += 1;
    await eventually(async () => expect(await left()).toEqual(['old-0']));
  } finally {
    stopping.abort();
    await removing;
  }
  expect(await deadLetters.ofPurchase(about('dead-for-long'))).toBeDefined();
});

test('they are counted by state and reason, with the age of the oldest, and those decided are not', async () => {
  await knex('dead_letters').delete();
  const dead = (reason: string) => waiting({ state: 'DEAD', reason });
  const deadLetters = await keep(messageOf(2_000), dead('VALIDATION_FAILED'), 'counted-1');
  await keep(messageOf(2_001), dead('VALIDATION_FAILED'), 'counted-2');
  await keep(messageOf(2_002), dead('MEMBERSHIP_NOT_FOUND'), 'counted-3');
  await keep(messageOf(2_003), waiting(), 'counted-4');
  await keep(messageOf(2_004), dead('INTERNAL'), 'counted-5');
  await deadLetters.decide(await idOf('counted-5'), decision('DISCARDED'));
  await knex('dead_letters')
    .where({ transaction_id: 'counted-1' })
    .update({ create_time: knex.raw("now() - interval '1 hour'") });
  const counts = await deadLetters.count();
  const byReason = counts.toSorted((a, b) => (a.reason < b.reason ? -1 : 1));
  expect(byReason).toMatchObject([
    { state: 'DEAD', reason: 'MEMBERSHIP_NOT_FOUND', count: 1 },
    { state: 'WAITING', reason: 'PROGRAM_NOT_ACTIVE', count: 1 },
    { state: 'DEAD', reason: 'VALIDATION_FAILED', count: 2 },
  ]);
  expect(byReason.map(({ oldestSeconds }) => Math.floor(oldestSeconds / 3_600))).toEqual([1, 0, 1]);
});

test('a waiting message that fails in an unforeseen way is dead after five attempts', async () => {
  const deadLetters = await keep(messageOf(6), waiting(), 'unforeseen');
  const stopping = new AbortController();
  let now = noon;
  let retries = 0;
  const retrying = retryDeadLetters({
    deadLetters,
    async apply(message) {
      if (message.streamSequence !== 6) return { about: about('another'), failure: undefined };
      retries += 1;
      throw new TypeError('nobody thought of it');
    },
    // An hour passes whenever it looks.
    clock: () => (now += 3_600_000),
    logger: createLogger({ name: 'test', level: 'silent' }),
    signal: stopping.signal,
    pauseMs: 1,
  });
  try {
    await eventually(async () => {
      const { rows } = await knex.raw(
        "SELECT state, reason, attempts FROM dead_letters WHERE transaction_id = 'unforeseen'",
      );
      expect(rows).toEqual([{ state: 'DEAD', reason: 'INTERNAL', attempts: 5 }]);
    });
    expect(retries).toBe(4);
  } finally {
    stopping.abort();
    await retrying;
  }
});
