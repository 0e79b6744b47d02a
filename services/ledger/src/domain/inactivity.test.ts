import { expect, test } from '@jest/globals';
import { endOfTime } from '@loyalty/rules/instant.ts';
import { movedInactivity, startedInactivity } from './inactivity.ts';

test('the first activity sets the date of inactivity, and later ones only move it forward', () => {
  expect(movedInactivity(endOfTime, 100)).toBe(100);
  expect(movedInactivity(100, 90)).toBeUndefined();
  expect(movedInactivity(100, 100)).toBeUndefined();
  expect(movedInactivity(100, 110)).toBe(110);
  expect(movedInactivity(100, undefined)).toBeUndefined();
  expect(movedInactivity(endOfTime, undefined)).toBeUndefined();
});

test('points that are given set the date only where there is none, or where it has passed', () => {
  expect(startedInactivity(endOfTime, { at: 100, now: 1 })).toBe(100);
  expect(startedInactivity(100, { at: 150, now: 99 })).toBeUndefined();
  expect(startedInactivity(100, { at: 200, now: 100 })).toBe(200);
  expect(startedInactivity(100, { at: undefined, now: 300 })).toBeUndefined();
});
