import { expect, test } from '@jest/globals';
import { movedInactivity } from './inactivity.ts';
import { never } from './instant.ts';

test('the first activity sets the date of inactivity, and later ones only move it forward', () => {
  expect(movedInactivity(never, 100)).toBe(100);
  expect(movedInactivity(100, 90)).toBeUndefined();
  expect(movedInactivity(100, 100)).toBeUndefined();
  expect(movedInactivity(100, 110)).toBe(110);
  expect(movedInactivity(100, undefined)).toBeUndefined();
  expect(movedInactivity(never, undefined)).toBeUndefined();
});
