import { expect, test } from '@jest/globals';
import type { LeasedEndpoint } from '../app/delivery-store.ts';
import type { Outcome } from '../domain/delivery.ts';
import { createTurn } from './endpoint-turn.ts';

const now = Date.UTC(2026, 0, 31);
const health = {
  failingSince: undefined,
  unreachableCount: 0,
  pausedUntil: undefined,
  disable: undefined,
};
const leased: LeasedEndpoint = {
  webhookId: 'w-1',
  programId: 'p-1',
  url: 'https://shop.example/',
  secrets: { current: '', previous: undefined },
  health,
  revision: 1,
  resumeCount: 0,
  lease: 'l-1',
};
const resumed = { ...leased, resumeCount: 1 };
const askedToWait: Outcome = { kind: 'UNREACHABLE', retryAfterMs: 60_000 };

test('an operator’s request ends a pause, and keeps since when deliveries fail', () => {
  const turn = createTurn(leased);
  turn.noteOutcome(leased, askedToWait, now);
  expect(turn.canGoOn()).toBe(false);
  turn.refresh(resumed);
  expect(turn.canGoOn()).toBe(true);
  expect(turn.health).toEqual({ ...health, failingSince: now });
});

test('a request that was under way when an operator ended the pause begins none', () => {
  const turn = createTurn(leased);
  turn.refresh(resumed);
  turn.noteOutcome(leased, askedToWait, now);
  turn.refresh(leased);
  expect(turn.canGoOn()).toBe(true);
  turn.noteOutcome(turn.endpoint, askedToWait, now);
  expect(turn.canGoOn()).toBe(false);
});
