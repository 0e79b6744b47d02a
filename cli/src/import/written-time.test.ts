import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import { endOf, instantOf, instantText, parseTime, timeIdentity } from './written-time.ts';

const paris = createZoneClock('Europe/Paris');

const anyTime = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T00:00:00Z'),
  noInvalidDate: true,
});

test('a time in RFC 3339 is that instant, whatever zone the program has', () => {
  fc.assert(
    fc.property(anyTime, (time) => {
      const written = parseTime(time.toISOString());
      expect(instantOf(written, paris)).toBe(time.getTime());
      expect(timeIdentity(written)).toBe(time.toISOString());
    }),
  );
});

describe('what identifies a time', () => {
  test.each([
    ['2026-01-31', '2026-01-31T00:00:00.000'],
    ['2026-01-31 00:00', '2026-01-31T00:00:00.000'],
    ['2026-01-31T00:00:00,0009', '2026-01-31T00:00:00.000'],
    ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T01:00:00+01:00', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31 00:00 utc', '2026-01-31T00:00:00.000Z'],
  ])('of %s is %s', (text, identity) => {
    expect(timeIdentity(parseTime(text))).toBe(identity);
  });
});

test.each([
  ['0000-12-31T23:59:59.999Z', 'before the year 1'],
  ['0001-01-01T01:00:00+02:00', 'before the year 1'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ['9999-12-31T23:59:59.999-01:00', 'after the year 9999'],
])('%s is shown as %s', (written, text) => {
  expect(instantText(instantOf(parseTime(written), paris))).toBe(text);
});

describe('the end', () => {
  test.each([
    ['of a date is the first instant of the next one', '2026-03-29', '2026-03-29T22:00:00Z'],
    ['of a time is that time', '2026-03-29 18:30', '2026-03-29T16:30:00Z'],
    ['of a time with a zone is that time', '2026-03-29T18:30:00Z', '2026-03-29T18:30:00Z'],
  ])('%s', (_, text, end) => {
    expect(new Date(instantOf(endOf(parseTime(text)), paris))).toEqual(new Date(end));
  });
});
