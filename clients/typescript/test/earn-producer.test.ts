// Publishing on a real nats-server, with and without the stream.

import { fromBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestNats } from '@loyalty/local/test-environment.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { RefundRequestedSchema } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import { connect, type NatsConnection } from 'nats';
import { createEarnProducer, type EarnProducer, PublishFailed } from '../src/earn-producer.ts';
import { ValidationFailed } from '../src/errors.ts';

const stream = 'LOYALTY_IN';

let nats: Awaited<ReturnType<typeof createTestNats>>;
let connection: NatsConnection;
let producer: EarnProducer;

beforeAll(async () => {
  nats = await createTestNats();
  connection = await connect({ servers: new URL(nats.url).host });
  producer = await createEarnProducer({ servers: nats.url, timeoutMs: patience(5_000) });
}, patience(30_000));

afterAll(async () => {
  await producer.close();
  await connection.close();
  await nats.stop();
});

async function addStream() {
  const manager = await connection.jetstreamManager();
  await manager.streams.add({ name: stream, subjects: ['loyalty.earn.>', 'loyalty.refund.>'] });
  return manager;
}

// A nats-server for tests has the platform's streams.
beforeEach(async () => {
  const manager = await connection.jetstreamManager();
  await manager.streams.delete(stream).catch(() => undefined);
});

const earn = {
  programId: 'wine-dine',
  userId: 'alice',
  transaction: {
    transactionId: 'order-1',
    occurTime: timestampFromMs(Date.parse('2026-01-31T18:30:00Z')),
    amount: { currencyCode: 'USD', minorUnits: 0n },
  },
};

describe('a message', () => {
  test('is in the stream once the call returns, without an id that could hide a correction', async () => {
    const manager = await addStream();
    await producer.earn(earn);
    await producer.earn(earn);
    const extent = { case: 'full', value: {} } as const;
    const refund = { programId: 'wine-dine', transactionId: 'order-1', refundId: 'r1', extent };
    await producer.refund(refund);
    const { state } = await manager.streams.info(stream);
    expect(state.messages).toBe(3);
    const first = await manager.streams.getMessage(stream, { seq: 1 });
    expect(first.subject).toBe('loyalty.earn.v1.wine-dine');
    expect(first.header.get('Nats-Msg-Id')).toBe('');
    expect(fromBinary(EarnRequestedSchema, first.data)).toMatchObject(earn);
    const third = await manager.streams.getMessage(stream, { seq: 3 });
    expect(third.subject).toBe('loyalty.refund.v1.wine-dine');
    expect(fromBinary(RefundRequestedSchema, third.data)).toMatchObject({ refundId: 'r1' });
  });

  test('is published again while the stream is missing for a moment', async () => {
    const published = producer.earn(earn);
    const manager = await addStream();
    await published;
    expect((await manager.streams.info(stream)).state.messages).toBe(1);
  });

  test('that no stream takes fails with what to do', async () => {
    const publishing = producer.earn(earn, { timeoutMs: 300 });
    await expect(publishing).rejects.toThrow(
      'No stream takes messages on loyalty.earn.v1.wine-dine: run "loyalty nats setup"',
    );
    await expect(publishing).rejects.toBeInstanceOf(PublishFailed);
  });

  test('that is not acknowledged can be given up at once', async () => {
    const silent = connection.subscribe('loyalty.earn.>');
    await connection.flush();
    const patient = await createEarnProducer({ servers: nats.url, attemptTimeoutMs: 600_000 });
    const signal = AbortSignal.timeout(50);
    const publishing = patient.earn(earn, { signal, timeoutMs: 600_000 });
    await expect(publishing).rejects.toBeInstanceOf(PublishFailed);
    silent.unsubscribe();
    await patient.close();
  });

  test('that the ledger could only refuse is not published', async () => {
    const manager = await addStream();
    const { occurTime: _, ...transaction } = earn.transaction;
    const bad = { ...earn, programId: 'a.*', transaction: { ...transaction, amount: {} } };
    const publishing = producer.earn(bad);
    await expect(publishing).rejects.toBeInstanceOf(ValidationFailed);
    await expect(publishing).rejects.toMatchObject({
      violations: [
        { field: 'program_id' },
        { field: 'transaction.occur_time', message: 'is required' },
        { field: 'transaction.amount.currency_code' },
        { field: 'transaction.amount.minor_units', message: 'is required' },
      ],
    });
    await expect(
      producer.refund({ programId: 'wine-dine', transactionId: 'order-1', refundId: 'r1' }),
    ).rejects.toMatchObject({ violations: [{ field: 'extent' }] });
    expect((await manager.streams.info(stream)).state.messages).toBe(0);
  });
});

describe('a producer', () => {
  test('that is closed waits for what is under way, and says so afterwards', async () => {
    await addStream();
    const closing = await createEarnProducer({ servers: nats.url });
    const published = closing.earn(earn);
    await closing.close();
    await published;
    await expect(closing.earn(earn)).rejects.toThrow('The producer is closed: create another one');
  });

  test('without a server says which one is missing', async () => {
    await expect(createEarnProducer({ servers: '127.0.0.1:1' })).rejects.toThrow(
      "NATS at 127.0.0.1:1 can't be reached: check servers, and whether NATS is running",
    );
  });
});
