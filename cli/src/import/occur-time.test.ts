import { timestampDate } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { parseOccurTime } from './occur-time.ts';

describe('a time of the file', () => {
  test.each([
    ['2021-01-31', '2021-01-31T00:00:00.000Z'],
    ['2021-01-31 18:30', '2021-01-31T18:30:00.000Z'],
    ['2021-01-31T18:30:15', '2021-01-31T18:30:15.000Z'],
    ['2021-01-31T18:30:15.250Z', '2021-01-31T18:30:15.250Z'],
    ['2021-01-31T18:30:15+02:00', '2021-01-31T16:30:15.000Z'],
    ['2021-01-01 00:30:00+0200', '2020-12-31T22:30:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(timestampDate(parseOccurTime(text)).toISOString()).toBe(instant);
  });

  test.each([
    ['2021-02-29', 'not in the calendar'],
    ['2021-13-01', 'not in the calendar'],
    ['2021-01-31 25:00', 'not in the calendar'],
    ['2021-01-31T18:30:00+99:99', 'not in the calendar'],
    ['31.01.2021', 'not a time'],
    ['01/31/2021', 'not a time'],
    ['1612117800', 'not a time'],
    ['', 'not a time'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseOccurTime(text)).toThrow(message);
  });
});
