import { expect, test } from '@jest/globals';
import { beginningOfTime } from './instant.ts';
import { type LimitPeriod, periodStart } from './limit-period.ts';
import { createZoneClock } from './zone-clock.ts';

test.each<[LimitPeriod, string, string]>([
  ['DAY', '2026-03-29T21:59:59Z', '2026-03-28T23:00:00Z'],
  ['DAY', '2026-03-29T22:00:00Z', '2026-03-29T22:00:00Z'],
  ['WEEK', '2026-03-29T21:59:59Z', '2026-03-22T23:00:00Z'],
  ['WEEK', '2026-03-29T22:00:00Z', '2026-03-29T22:00:00Z'],
  ['MONTH', '2026-03-31T21:59:59Z', '2026-02-28T23:00:00Z'],
  ['MONTH', '2026-03-31T22:00:00Z', '2026-03-31T22:00:00Z'],
])('the %s in Paris of %s begins at %s', (period, instant, start) => {
  const clock = createZoneClock('Europe/Paris');
  expect(periodStart(period, Date.parse(instant), clock)).toBe(Date.parse(start));
});

test('a lifetime has no beginning', () => {
  expect(periodStart('LIFETIME', Date.now(), createZoneClock('UTC'))).toBe(beginningOfTime);
});
