// What a call does when its service refuses, fails or stays silent.
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';
import { RedeemRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import {
  Cancelled,
  DeadlineExceeded,
  InsufficientPoints,
  ServiceUnavailable,
  StorageUnavailable,
} from '../src/errors.ts';
import { createLoyaltyClient, type LoyaltyClient } from '../src/loyalty-client.ts';
import { LoyaltyError } from '../src/loyalty-error.ts';
import { createRetryBudget, pauseMsBefore } from '../src/retries.ts';
import { type FakeLedger, startFakeLedger } from './fake-ledger.ts';

const unavailable = { code: 14, reason: 'STORAGE_UNAVAILABLE' };
const member = { programId: 'wine-dine', userId: 'alice' };
const redeem = { ...member, rewardId: 'glass' };

let fake: FakeLedger;
let client: LoyaltyClient;

beforeAll(async () => {
  fake = await startFakeLedger();
});

afterAll(() => fake.stop());

beforeEach(() => {
  client?.close();
  fake.received.length = 0;
  fake.respondWith({ response: {} });
  client = createLoyaltyClient({
    ledgerAddress: fake.address,
    programsAddress: fake.address,
    token: 'a-token',
    timeoutMs: patience(10_000),
  });
});

afterAll(() => client.close());

async function errorOf(call: Promise<unknown>): Promise<LoyaltyError> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof LoyaltyError) return outcome;
  throw new Error(`Not an error of the client: ${String(outcome)}`);
}

test.each([
  ['without a token', { token: undefined }, 'token must be given'],
  ['with a time that is no number', { timeoutMs: Number.NaN }, 'timeoutMs must be'],
  ['with a time of an attempt that is none', { attemptTimeoutMs: Number.NaN }, 'attemptTimeoutMs'],
])('a client %s is not made', (_what, options, message) => {
  const given = { ledgerAddress: fake.address, token: 'a-token', ...options };
  expect(() => createLoyaltyClient(given as never)).toThrow(message);
});

describe('a call', () => {
  test('with half of a character is refused before it is sent: encoded, two ids would be one', async () => {
    const half = String.fromCharCode(0xd83d);
    const error = await errorOf(
      client.ledger.earn({
        ...member,
        transaction: { transactionId: `order-${half}`, items: [{ categories: ['a', half] }] },
      }),
    );
    expect(error).toMatchObject({
      reason: 'VALIDATION_FAILED',
      attempts: 0,
      violations: [
        { field: 'transaction.transactionId' },
        { field: 'transaction.items[0].categories[1]' },
      ],
    });
    expect(fake.received).toEqual([]);
  });

  test.each([
    ['a time that is no number', { timeoutMs: Number.NaN }, 'timeoutMs'],
    ['a signal that is none', { signal: {} as AbortSignal }, 'signal'],
    ['a token of two lines', { token: 'secret\ntoken' }, 'token'],
    ['a token source without a token', { token: () => undefined as unknown as string }, 'token'],
  ])('with %s is rejected at once, and the token not shown', async (_what, options, name) => {
    const call = client.ledger.getBalance(member, options);
    await expect(call).rejects.toThrow(new RegExp(`^${name} must be`));
    await expect(call).rejects.not.toThrow('secret');
    expect(fake.received).toEqual([]);
  });

  test('carries the token, the request id and the trace', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await client.ledger.getBalance(member, { requestId: 'request-1', traceparent });
    const { metadata } = fake.received[0] ?? {};
    expect(metadata).toMatchObject({
      authorization: 'Bearer a-token',
      'x-request-id': 'request-1',
      traceparent,
    });
  });

  test('asks for the token before each attempt', async () => {
    fake.respondWith(unavailable, { response: {} });
    let count = 0;
    const token = async () => `token-${++count}`;
    await client.ledger.getBalance(member, { token });
    expect(fake.received.map(({ metadata }) => metadata['authorization'])).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  test('says which option is missing when the programs service has no address', () => {
    const { programs, close } = createLoyaltyClient({
      ledgerAddress: fake.address,
      token: 'a-token',
    });
    expect(() => programs.getProgram({ programId: 'wine-dine' })).toThrow(
      'ProgramService needs the option programsAddress of createLoyaltyClient',
    );
    close();
  });
});

describe('an error', () => {
  test('is of the class of its reason, with its details', async () => {
    fake.respondWith({ code: 9, reason: 'INSUFFICIENT_POINTS', message: '3 missing' });
    const error = await errorOf(client.redemptions.redeem(redeem, { requestId: 'request-1' }));
    expect(error).toBeInstanceOf(InsufficientPoints);
    expect(error).toMatchObject({
      name: 'InsufficientPoints',
      message: '3 missing',
      reason: 'INSUFFICIENT_POINTS',
      code: 9,
      metadata: { missingPoints: '3' },
      requestId: 'request-1',
      retryable: false,
      attempts: 1,
    });
    expect(fake.received).toHaveLength(1);
  });

  test('with the reason of a newer service is a LoyaltyError', async () => {
    fake.respondWith({ code: 9, reason: 'MOON_TOO_FULL' });
    const error = await errorOf(client.ledger.getBalance(member));
    expect(error).toMatchObject({
      name: 'LoyaltyError',
      reason: 'MOON_TOO_FULL',
      retryable: false,
    });
    fake.respondWith({ code: 14, reason: 'MOON_TOO_NEW', retryAfterMs: 1 }, { response: {} });
    await client.ledger.getBalance(member);
  });

  test('of a service that is not there says so', async () => {
    const { ledger, close } = createLoyaltyClient({
      ledgerAddress: '127.0.0.1:1',
      token: 'a-token',
      retries: { attemptsMax: 1 },
    });
    expect(await errorOf(ledger.getBalance(member))).toBeInstanceOf(ServiceUnavailable);
    close();
  });
});

describe('a call that fails', () => {
  test('is sent again, the same with the same key, until it succeeds', async () => {
    fake.respondWith(unavailable, { code: 14 }, { code: 1 }, { response: { replayed: true } });
    const { replayed } = await client.redemptions.redeem(redeem);
    expect(replayed).toBe(true);
    const keys = fake.received.map(({ request }) => request['idempotencyKey']);
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(fake.received.map(({ metadata }) => metadata['x-request-id'])).size).toBe(1);
  });

  test('keeps the key of the caller', async () => {
    await client.redemptions.redeem({ ...redeem, idempotencyKey: 'order-1' });
    expect(fake.received[0]?.request['idempotencyKey']).toBe('order-1');
  });

  test('has another key when the caller sends the same message again', async () => {
    const message = create(RedeemRequestSchema, redeem);
    await client.redemptions.redeem(message);
    await client.redemptions.redeem(message);
    const keys = fake.received.map(({ request }) => request['idempotencyKey']);
    expect(new Set(keys).size).toBe(2);
  });

  test('is not sent at all with a value that its field cannot have', async () => {
    const points = 1.5 as unknown as bigint;
    await expect(client.ledger.adjustBalance({ ...member, points })).rejects.toThrow('1.5');
    await expect(client.ledger.listEntries({ ...member, pageSize: 1.5 })).rejects.toThrow(
      'ListEntriesRequest.page_size',
    );
    expect(fake.received).toHaveLength(0);
  });

  test('is given up after as many attempts as allowed', async () => {
    fake.respondWith(unavailable);
    const retries = { attemptsMax: 3 };
    const moderate = createLoyaltyClient({
      ledgerAddress: fake.address,
      token: 'a-token',
      retries,
    });
    const error = await errorOf(moderate.ledger.getBalance(member));
    expect(error).toBeInstanceOf(StorageUnavailable);
    expect(error).toMatchObject({ attempts: 3, retryable: true });
    expect(fake.received).toHaveLength(3);
    moderate.close();
  });

  test('waits as long as the service asks, or is given up if that is too long', async () => {
    fake.respondWith({ ...unavailable, retryAfterMs: 120 }, { response: {} });
    const start = performance.now();
    await client.ledger.getBalance(member);
    // Timers may fire a millisecond early.
    expect(performance.now() - start).toBeGreaterThanOrEqual(119);
    fake.received.length = 0;
    fake.respondWith({ code: 8, reason: 'VELOCITY_LIMIT', retryAfterMs: 60_000 });
    const error = await errorOf(client.ledger.getBalance(member, { timeoutMs: 20_000 }));
    expect(error).toMatchObject({ reason: 'VELOCITY_LIMIT', retryAfterMs: 60_000, attempts: 1 });
  });

  test('is not repeated where that could have an effect twice', async () => {
    fake.respondWith(unavailable);
    await errorOf(client.ruleSets.copyRuleSet({ programId: 'wine-dine', version: 1 }));
    expect(fake.received).toHaveLength(1);
    fake.respondWith({ code: 14, reason: 'OVERLOADED' }, { response: {} });
    await client.ruleSets.copyRuleSet({ programId: 'wine-dine', version: 1 });
    expect(fake.received).toHaveLength(3);
  });
});

describe('a call without a response', () => {
  test('is sent again when an attempt takes too long', async () => {
    fake.respondWith('silence', { response: {} });
    const impatient = createLoyaltyClient({
      ledgerAddress: fake.address,
      token: 'a-token',
      timeoutMs: patience(10_000),
      attemptTimeoutMs: patience(300),
    });
    await impatient.ledger.getBalance(member);
    expect(fake.received).toHaveLength(2);
    impatient.close();
  });

  test('fails when all its time is over', async () => {
    fake.respondWith('silence');
    const error = await errorOf(client.ledger.getBalance(member, { timeoutMs: 200 }));
    expect(error).toBeInstanceOf(DeadlineExceeded);
  });

  test('fails when its time is over, or it is cancelled, before it has a token', async () => {
    const token = () => new Promise<string>(() => {});
    const late = await errorOf(client.ledger.getBalance(member, { token, timeoutMs: 50 }));
    expect(late).toBeInstanceOf(DeadlineExceeded);
    const signal = AbortSignal.timeout(50);
    const cancelled = await errorOf(client.ledger.getBalance(member, { token, signal }));
    expect(cancelled).toBeInstanceOf(Cancelled);
    expect([late.attempts, cancelled.attempts, fake.received.length]).toEqual([0, 0, 0]);
  });

  test('can be cancelled, also while it waits for the next attempt', async () => {
    fake.respondWith('silence');
    const underWay = new AbortController();
    const call = client.ledger.getBalance(member, { signal: underWay.signal });
    setTimeout(() => underWay.abort(), 50);
    expect(await errorOf(call)).toBeInstanceOf(Cancelled);

    fake.respondWith({ ...unavailable, retryAfterMs: 5_000 });
    const signal = AbortSignal.timeout(100);
    const start = performance.now();
    const waiting = await errorOf(client.ledger.getBalance(member, { signal, timeoutMs: 60_000 }));
    expect(waiting).toBeInstanceOf(Cancelled);
    expect(performance.now() - start).toBeLessThan(patience(4_000));

    const aborted = await errorOf(
      client.ledger.getBalance(member, { signal: AbortSignal.abort() }),
    );
    expect(aborted).toMatchObject({ reason: 'CANCELLED', attempts: 0 });
  });
});

describe('retries', () => {
  test('of one service go on while those of the other have ended', async () => {
    fake.respondWith(unavailable);
    const retries = { attemptsMax: 2 };
    const addresses = { ledgerAddress: fake.address, programsAddress: fake.address };
    const moderate = createLoyaltyClient({ ...addresses, token: 'a-token', retries });
    await Promise.all(
      Array.from({ length: 50 }, () => errorOf(moderate.ledger.getBalance(member))),
    );
    fake.respondWith(unavailable, { response: {} });
    expect(await errorOf(moderate.ledger.getBalance(member))).toMatchObject({ attempts: 1 });
    fake.respondWith(unavailable, { response: {} });
    await moderate.ruleSets.listRuleSets({ programId: 'wine-dine' });
    moderate.close();
  });

  test('wait for a random part of a bound that doubles, after the delay asked for', () => {
    const most = (attempts: number) => pauseMsBefore({ attempts }, () => 1);
    expect([1, 2, 3, 10].map(most)).toEqual([50, 100, 200, 2_000]);
    expect(pauseMsBefore({ attempts: 1, retryAfterMs: 500 }, () => 0.5)).toBe(525);
  });

  test('end after 50 failures, and come back with successes', () => {
    const budget = createRetryBudget();
    for (let count = 0; count < 50; count += 1) budget.note('failure');
    expect(budget.allows()).toBe(false);
    for (let count = 0; count < 10; count += 1) budget.note('success');
    expect(budget.allows()).toBe(true);
  });
});
