import { expect, test } from '@jest/globals';
import { moveInactivity } from './inactivity.ts';
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
