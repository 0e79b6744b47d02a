import { expect, test } from '@jest/globals';
import { timeZoneNamed } from './time-zone-name.ts';

test.each([
  ['Europe/Paris', 'Europe/Paris'],
  ['europe/paris', 'Europe/Paris'],
  ['UTC', 'UTC'],
  ['Asia/Kolkata', 'Asia/Kolkata'],
  ['Asia/Calcutta', 'Asia/Calcutta'],
  ['+02:00', undefined],
  ['Mars/Olympus', undefined],
  ['', undefined],
])('%j names %j', (text, zone) => {
  expect(timeZoneNamed(text)).toBe(zone);
});
