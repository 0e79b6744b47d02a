import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { Temporal } from 'temporal-polyfill';
import { createZoneClock, isTimeZone, weekday } from './zone-clock.ts';

const ms = (time: string) => Date.parse(time);

describe("a zone's day", () => {
  test.each([
    ['Europe/Paris', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['Europe/Paris', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
    ['America/New_York', '2026-03-08T12:00:00Z', '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z'],
    ['UTC', '2026-03-08T00:00:00Z', '2026-03-08T00:00:00Z', '2026-03-09T00:00:00Z'],
    // Midnight is skipped here.
    ['America/Santiago', '2026-09-06T12:00:00Z', '2026-09-06T04:00:00Z', '2026-09-07T03:00:00Z'],
    // A whole day is skipped here.
    ['Pacific/Apia', '2011-12-29T12:00:00Z', '2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z'],
  ])('in %s at %s lasts from %s to %s', (zone, instant, start, end) => {
    const day = createZoneClock(zone).dayOf(ms(instant));
    expect([day.startMs, day.endMs]).toEqual([ms(start), ms(end)]);
  });

  test.each([
    // On Sunday 00:01 the clocks go back to Saturday 23:01.
    ['America/St_Johns', '2010-11-07T02:30:59Z', '2010-11-07T02:31:00Z', '2010-11-07T03:00:00Z'],
  ])(
    'in %s, once it began, is not over when clocks go back behind its start',
    (zone, ...instants) => {
      const fresh = instants.map((instant) => createZoneClock(zone).dayOf(ms(instant)));
      const busy = createZoneClock(zone);
      busy.dayOf(ms('2010-11-07T12:00:00Z'));
      expect(instants.map((instant) => busy.dayOf(ms(instant)))).toEqual(fresh);
      for (const { startMs, endMs } of fresh) {
        expect([startMs, endMs]).toEqual([ms('2010-11-07T02:30:00Z'), ms('2010-11-08T03:30:00Z')]);
      }
    },
  );

  test('is found again after thousands of others, and before its first look-up', () => {
    const clock = createZoneClock('Europe/Paris');
    const first = clock.dayOf(ms('2026-06-01T10:00:00Z'));
    for (let day = 0; day < 10_000; day += 1) clock.dayOf(day * 86_400_000);
    expect(clock.dayOf(ms('2026-06-01T10:00:00Z'))).toEqual(first);
    expect(clock.dayOf(ms('2026-06-01T22:30:00Z')).epochDay).toBe(first.epochDay + 1);
  });
});

describe('the instant of a date and time on the wall', () => {
  test.each([
    ['UTC', '2026-03-29T02:30:00.123Z', '2026-03-29T02:30:00.123Z'],
    ['Europe/Paris', '2026-01-31T18:30:00Z', '2026-01-31T17:30:00Z'],
    ['Europe/Paris', '2026-03-29T00:00:00Z', '2026-03-28T23:00:00Z'],
    // From 02:00 to 03:00 there is nothing.
    ['Europe/Paris', '2026-03-29T01:59:59Z', '2026-03-29T00:59:59Z'],
    ['Europe/Paris', '2026-03-29T02:30:00Z', '2026-03-29T01:00:00Z'],
    ['Europe/Paris', '2026-03-29T03:00:00Z', '2026-03-29T01:00:00Z'],
    // From 02:00 to 03:00 everything comes twice.
    ['Europe/Paris', '2026-10-25T02:30:00Z', '2026-10-25T00:30:00Z'],
    ['Europe/Paris', '2026-10-25T03:00:00Z', '2026-10-25T02:00:00Z'],
    ['America/New_York', '2026-01-31T23:00:00Z', '2026-02-01T04:00:00Z'],
    // Midnight is skipped here.
    ['America/Santiago', '2026-09-06T00:00:00Z', '2026-09-06T04:00:00Z'],
    ['America/Santiago', '2026-09-06T00:30:00Z', '2026-09-06T04:00:00Z'],
    ['America/Santiago', '2026-09-06T01:00:00Z', '2026-09-06T04:00:00Z'],
    // A whole day is skipped here.
    ['Pacific/Apia', '2011-12-30T12:00:00Z', '2011-12-30T10:00:00Z'],
    // The last hour of a Saturday comes again after the first minute of the Sunday.
    ['America/St_Johns', '2010-11-06T23:30:00Z', '2010-11-07T02:00:00Z'],
    ['America/St_Johns', '2010-11-07T00:00:30Z', '2010-11-07T02:30:30Z'],
    ['America/St_Johns', '2010-11-07T00:02:00Z', '2010-11-07T03:32:00Z'],
  ])('in %s, %s is %s', (zone, wall, instant) => {
    const clock = createZoneClock(zone);
    expect(new Date(clock.instantOf(ms(wall)))).toEqual(new Date(instant));
  });

  test('is one at which the wall shows it, on days without a gap', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'),
        fc.integer({ min: 0, max: ms('2050-01-01T00:00:00Z') }),
        (zone, instant) => {
          const clock = createZoneClock(zone);
          const wall = clock.zoned(instant).toPlainDateTime();
          const found = clock.instantOf(ms(`${wall.toString()}Z`));
          expect(clock.zoned(found).toPlainDateTime().equals(wall)).toBe(true);
          expect(found).toBeLessThanOrEqual(instant);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('the minute of a day is what the wall clock shows', () => {
  const clock = createZoneClock('Europe/Paris');
  expect(clock.minuteOfDay(ms('2026-03-29T00:59:30Z'))).toBe(119.5);
  expect(clock.minuteOfDay(ms('2026-03-29T01:00:00Z'))).toBe(180);
  expect(clock.minuteOfDay(ms('2026-10-25T00:30:00Z'))).toBe(150);
  expect(clock.minuteOfDay(ms('2026-10-25T01:30:00Z'))).toBe(150);
});

describe('on a day whose midnight the clocks skip', () => {
  test.each([
    ['Africa/Cairo', '2026-04-24T15:30:00Z', 18.5],
    ['Asia/Beirut', '2026-03-29T15:30:00Z', 18.5],
    ['America/Santiago', '2026-09-06T21:30:00Z', 18.5],
    ['America/Havana', '2026-03-08T22:30:00Z', 18.5],
    ['Atlantic/Azores', '2026-03-29T18:30:00Z', 18.5],
    ['America/Sao_Paulo', '2018-11-04T20:30:00Z', 18.5],
  ])('the wall clock of %s shows at %s that %d hours have passed', (zone, instant, hours) => {
    expect(createZoneClock(zone).minuteOfDay(ms(instant))).toBe(hours * 60);
  });
});

test('in every zone, also around its changes of clocks, a day goes as its wall clock shows', () => {
  const aroundIt = 30 * 3_600_000;
  fc.assert(
    fc.property(
      fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
      fc.integer({ min: ms('1970-01-01T00:00:00Z'), max: ms('2037-01-01T00:00:00Z') }),
      fc.integer({ min: -aroundIt, max: aroundIt }),
      (zone, any, distance) => {
        const clock = createZoneClock(zone);
        const change = clock.zoned(any).getTimeZoneTransition('next') ?? clock.zoned(any);
        for (const instant of [any, change.epochMilliseconds + distance]) {
          const { startMs, endMs } = clock.dayOf(instant);
          expect([zone, instant, startMs <= instant && instant < endMs]).toEqual([
            zone,
            instant,
            true,
          ]);
          const shown = clock.zoned(instant).toPlainTime().since(new Temporal.PlainTime());
          const minutes = Math.floor(shown.total('minutes'));
          expect([zone, instant, Math.floor(clock.minuteOfDay(instant))]).toEqual([
            zone,
            instant,
            minutes,
          ]);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('weeks begin on Monday', () => {
  const days = ['2026-03-23', '2026-03-29', '1970-01-01', '1969-12-28'];
  expect(days.map((day) => weekday(ms(`${day}T00:00:00Z`) / 86_400_000))).toEqual([1, 7, 4, 7]);
});

test('time zones are names of the IANA database', () => {
  expect(['Europe/Paris', 'UTC', 'America/Argentina/Buenos_Aires'].every(isTimeZone)).toBe(true);
  expect(['', '+02:00', 'Europe/Atlantis', 'Paris', '../etc'].some(isTimeZone)).toBe(false);
});

test('an unknown zone has no clock', () => {
  expect(() => createZoneClock('Europe/Atlantis')).toThrow(RangeError);
});
