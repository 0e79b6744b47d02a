import { describe, expect, test } from '@jest/globals';
import type { Outcome } from './delivery.ts';
import { type EndpointHealth, healthAfter } from './endpoint-health.ts';
import { failingMsMax } from './webhook.ts';

const healthy: EndpointHealth = {
  failingSince: undefined,
  unreachableCount: 0,
  pausedUntil: undefined,
  disable: undefined,
};
const refused = { kind: 'REFUSED' } as const;
const unreachable = { kind: 'UNREACHABLE', retryAfterMs: undefined } as const;

test('a webhook is disabled when nothing got through for five days', () => {
  const failing = healthAfter(healthy, refused, 1_000);
  expect(failing).toMatchObject({ failingSince: 1_000, disable: undefined });
  expect(healthAfter(failing, refused, 999 + failingMsMax).disable).toBeUndefined();
  expect(healthAfter(failing, refused, 1_000 + failingMsMax).disable).toBe('FAILING');
});

test('a success ends that', () => {
  const failing = healthAfter(healthy, unreachable, 1_000);
  expect(healthAfter(failing, { kind: 'DELIVERED' }, 2_000)).toEqual(healthy);
});

test('410 disables at once', () => {
  expect(healthAfter(healthy, { kind: 'GONE' }, 1_000).disable).toBe('GONE');
});

test('an event that is refused pauses nothing; an endpoint that asks for a pause gets it, also after one request', () => {
  expect(healthAfter(healthy, refused, 0).pausedUntil).toBeUndefined();
  const busy = { kind: 'UNREACHABLE', retryAfterMs: 90_000 } as const;
  expect(healthAfter(healthy, busy, 0).pausedUntil).toBe(90_000);
});

describe('an endpoint is paused', () => {
  const afterAll = (outcomes: readonly Outcome[], health = healthy) =>
    outcomes.reduce((before, outcome) => healthAfter(before, outcome, 0), health);
  const times = (count: number) => Array.from({ length: count }, () => unreachable);
  const delivered = { kind: 'DELIVERED' } as const;

  test('after five requests in a row that got nowhere', () => {
    expect(afterAll(times(4)).pausedUntil).toBeUndefined();
    expect(afterAll([...times(4), delivered, ...times(4)]).pausedUntil).toBeUndefined();
    expect(afterAll(times(5)).pausedUntil).toBe(1_000);
  });

  test('no longer because others were under way', () => {
    expect(afterAll(times(8))).toMatchObject({ unreachableCount: 5, pausedUntil: 1_000 });
    expect(afterAll([...times(5), delivered]).pausedUntil).toBe(1_000);
  });

  test('longer if it is still away after that', () => {
    const tried = { ...afterAll(times(5)), pausedUntil: undefined };
    expect(afterAll(times(1), tried).pausedUntil).toBe(2_000);
  });
});
