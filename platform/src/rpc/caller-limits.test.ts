import { describe, expect, test } from '@jest/globals';
import type { Role } from '../auth/tokens.ts';
import { type CallerLimitsOptions, createCallerLimits } from './caller-limits.ts';
import type { RateLimited } from './errors.ts';

const options: CallerLimitsOptions = {
  member: { callsInFlightMax: 2, rate: { callsPerSecond: 10, burst: 5 }, bytesInFlightMax: 100 },
  backend: { callsInFlightMax: 3, rate: undefined, bytesInFlightMax: 1000 },
  callersMax: 3,
};
const caller = (subject: string, role: Role = 'member') => ({ subject, roles: new Set([role]) });

function refusalOf(admit: () => unknown): RateLimited | undefined {
  try {
    admit();
    return undefined;
  } catch (error) {
    return error as RateLimited;
  }
}

describe('a caller', () => {
  test('has calls in flight up to their limit, and one more when one ends', () => {
    const limits = createCallerLimits(options, () => 0);
    const first = limits.admit(caller('alice'));
    limits.admit(caller('alice'));
    expect(refusalOf(() => limits.admit(caller('alice')))).toMatchObject({
      reason: 'RATE_LIMITED',
      retryAfterMs: 1000,
      metadata: { unit: 'concurrent-requests', quota: '2' },
    });
    first.release();
    first.release();
    limits.admit(caller('alice'));
    expect(refusalOf(() => limits.admit(caller('alice')))).toBeDefined();
  });

  test('starts a burst of calls, then calls at the given rate, and is told when the next may come', () => {
    let nowMs = 0;
    const limits = createCallerLimits(options, () => nowMs);
    const call = () => limits.admit(caller('alice')).release();
    for (let count = 0; count < 5; count += 1) call();
    expect(refusalOf(call)).toMatchObject({
      retryAfterMs: 100,
      metadata: { unit: 'request', quota: '5', windowSeconds: '1' },
    });
    nowMs = 40;
    expect(refusalOf(call)).toMatchObject({ retryAfterMs: 60 });
    nowMs = 100;
    call();
    expect(refusalOf(call)).toBeDefined();
    nowMs = 60_000;
    for (let count = 0; count < 5; count += 1) call();
    expect(refusalOf(call)).toBeDefined();
  });

  test('has bytes in flight up to their limit, until their calls end', () => {
    const limits = createCallerLimits(options, () => 0);
    const first = limits.admit(caller('alice'));
    first.addBytes(60);
    const second = limits.admit(caller('alice'));
    expect(refusalOf(() => second.addBytes(41))).toMatchObject({
      metadata: { unit: 'content-bytes', quota: '100' },
    });
    second.addBytes(40);
    first.release();
    second.addBytes(60);
  });

  test('at their limit changes nothing for others, also for a backend of the same name', () => {
    const limits = createCallerLimits(options, () => 0);
    for (const name of ['alice', 'alice']) limits.admit(caller(name));
    expect(refusalOf(() => limits.admit(caller('alice')))).toBeDefined();
    limits.admit(caller('bob'));
    for (const role of ['service', 'service', 'admin'] as const)
      limits.admit(caller('alice', role));
    expect(refusalOf(() => limits.admit(caller('alice', 'service')))).toBeDefined();
  });

  test('whose one request is larger than their limit is told the limit, and not to try again', () => {
    const limits = createCallerLimits(options, () => 0);
    const first = limits.admit(caller('alice'));
    first.addBytes(60);
    const refusal = refusalOf(() => limits.admit(caller('alice')).addBytes(101));
    expect(refusal).toMatchObject({ reason: 'VALIDATION_FAILED', retryAfterMs: undefined });
    expect(refusal?.message).toContain('100 bytes');
    // The bytes may come in parts.
    expect(refusalOf(() => first.addBytes(41))).toMatchObject({ reason: 'VALIDATION_FAILED' });
  });

  test('who was not seen lately is forgotten, unless they have calls in flight', () => {
    const limits = createCallerLimits(options, () => 0);
    const first = limits.admit(caller('alice'));
    limits.admit(caller('alice'));
    for (let count = 0; count < 5; count += 1) limits.admit(caller('bob')).release();
    expect(refusalOf(() => limits.admit(caller('bob')))).toBeDefined();
    for (const name of ['carol', 'dave', 'erin']) limits.admit(caller(name)).release();
    // Bob's burst is forgotten; Alice's calls are not.
    limits.admit(caller('bob')).release();
    expect(refusalOf(() => limits.admit(caller('alice')))).toBeDefined();
    first.release();
    limits.admit(caller('alice'));
    expect(refusalOf(() => limits.admit(caller('alice')))).toBeDefined();
  });
});
