import { expect, test } from '@jest/globals';
import { moveInactivity, startInactivity } from './inactivity.ts';
import { join } from './join.ts';

const account = join({
  membershipId: 1n,
  programId: 'wine-dine',
  userId: 'alice',
  attributes: {},
  cause: { actor: 'service:test', requestId: 'r' },
  now: 0,
});

test('the first activity sets the date of inactivity, and later ones only move it forward', () => {
  const first = moveInactivity(account, 100);
  expect(first.membership.inactivityExpiresAt).toBe(100);
  expect(moveInactivity(first, 90).membership.inactivityExpiresAt).toBe(100);
  expect(moveInactivity(first, 110).membership.inactivityExpiresAt).toBe(110);
  expect(moveInactivity(first, undefined)).toBe(first);
});

test('points that are given set the date only where there is none, or where it has passed', () => {
  const given = startInactivity(account, { at: 100, now: 1 });
  expect(given.membership.inactivityExpiresAt).toBe(100);
  expect(startInactivity(given, { at: 150, now: 99 })).toBe(given);
  const again = startInactivity(given, { at: 200, now: 100 });
  expect(again.membership.inactivityExpiresAt).toBe(200);
  expect(startInactivity(again, { at: undefined, now: 300 })).toBe(again);
});
