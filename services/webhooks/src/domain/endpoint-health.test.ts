import { expect, test } from '@jest/globals';
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

test('an event that is refused pauses nothing; an endpoint that is away is left alone, for as long as it asks', () => {
  expect(healthAfter(healthy, refused, 0).pausedUntil).toBeUndefined();
  expect(healthAfter(healthy, unreachable, 0).pausedUntil).toBe(1_000);
  const busy = { kind: 'UNREACHABLE', retryAfterMs: 90_000 } as const;
  expect(healthAfter(healthy, busy, 0).pausedUntil).toBe(90_000);
});
