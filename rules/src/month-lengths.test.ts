import { expect, test } from '@jest/globals';
import { fewestDays } from './month-lengths.ts';

test.each([
  [1, 28],
  [2, 59],
  [3, 89],
  [6, 181],
  [12, 365],
  // 2100 is no leap year.
  [48, 1460],
  [60, 1825],
  [96, 2921],
  [1200, 36_524],
])('%i months in a row have %i days at least', (months, days) => {
  expect(fewestDays(months)).toBe(days);
});
