import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loyalty/local/test-environment.ts';
import { eventually } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import type { Knex } from 'knex';
import type { Failure } from '../src/app/dead-letters.ts';
import type { StreamMessage } from '../src/app/stream-message.ts';
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
  return { state: 'WAITING', reason, detail: 'it is SUSPENDED', retryAt: noon, ...changes };
}

const about = (transactionId: string) => ({ programId: 'wine-dine', transactionId });

async function keep(message: StreamMessage, failure: Failure, transactionId: string) {
  const deadLetters = createDeadLetters(knex);
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

test('any text is kept, also what the database can’t hold', async () => {
  const detail = `a NUL \0, half a character \ud800, and ${'x'.repeat(10_000)}`;
  const message = messageOf(2, { contentType: 'a\0b' });
  const deadLetters = await keep(message, waiting({ state: 'DEAD', detail }), 'odd\0id');
  expect(await deadLetters.ofTransaction(about('odd\u{FFFD}id'))).toBeDefined();
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
  expect(await deadLetters.ofTransaction(about('due'))).toBeUndefined();
});

test('what waits for a program can be made due, and nothing else', async () => {
  const later = noon + 1_000_000;
  const deadLetters = await keep(messageOf(4), waiting({ retryAt: later }), 'program');
  await keep(messageOf(5), waiting({ reason: 'VELOCITY_LIMIT', retryAt: later }), 'velocity');
  await deadLetters.makeDue('wine-dine', noon);
  const due = await deadLetters.takeDue({ limit: 10, leaseMs: 1, now: noon });
  expect(due.map(({ message }) => message.streamSequence)).toEqual([4]);
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
