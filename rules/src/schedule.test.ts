import { fromJson, type JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { ScheduleSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { compileSchedule, inSchedule, wallClockText } from './schedule.ts';
import { createZoneClock } from './zone-clock.ts';

function applies(schedule: JsonObject, zone: string, instant: string): boolean {
  const compiled = compileSchedule(fromJson(ScheduleSchema, schedule));
  return inSchedule(compiled, Date.parse(instant), createZoneClock(zone));
}

const hours = (startTimeOfDay: string, endTimeOfDay: string, ...daysOfWeek: string[]) => ({
  startTimeOfDay,
  endTimeOfDay,
  daysOfWeek,
});

describe('on the night when summer time begins', () => {
  // The wall clock goes from 01:59 to 03:00.
  test.each([
    ['Europe/Paris', '2026-03-29T00:59:59Z', '01:59', hours('01:00', '02:00'), true],
    ['Europe/Paris', '2026-03-29T01:00:00Z', '03:00', hours('01:00', '02:00'), false],
    ['Europe/Paris', '2026-03-29T01:00:00Z', '03:00', hours('02:00', '03:00'), false],
    ['Europe/Paris', '2026-03-29T00:59:59Z', '01:59', hours('02:00', '03:00'), false],
    ['Europe/Paris', '2026-03-29T01:00:00Z', '03:00', hours('02:30', '04:00'), true],
    ['Europe/Paris', '2026-03-29T01:59:59Z', '03:59', hours('02:30', '04:00'), true],
    ['Europe/Paris', '2026-03-29T02:00:00Z', '04:00', hours('02:30', '04:00'), false],
    ['Europe/Paris', '2026-03-29T00:59:00Z', '01:59', hours('22:00', '02:00', 'SATURDAY'), true],
    ['Europe/Paris', '2026-03-29T01:00:00Z', '03:00', hours('22:00', '02:00', 'SATURDAY'), false],
    ['Europe/Paris', '2026-03-28T22:59:59Z', '23:59', { daysOfWeek: ['SUNDAY'] }, false],
    ['Europe/Paris', '2026-03-28T23:00:00Z', '00:00', { daysOfWeek: ['SUNDAY'] }, true],
    ['Europe/Paris', '2026-03-29T21:59:59Z', '23:59', { daysOfWeek: ['SUNDAY'] }, true],
    ['Europe/Paris', '2026-03-29T22:00:00Z', '00:00', { daysOfWeek: ['SUNDAY'] }, false],
    ['America/New_York', '2026-03-08T06:59:59Z', '01:59', hours('01:00', '02:00'), true],
    ['America/New_York', '2026-03-08T07:00:00Z', '03:00', hours('02:00', '03:00'), false],
    ['America/New_York', '2026-03-08T07:00:00Z', '03:00', hours('02:30', '04:00'), true],
    [
      'America/New_York',
      '2026-03-08T07:00:00Z',
      '03:00',
      hours('22:00', '02:30', 'SATURDAY'),
      false,
    ],
    ['America/New_York', '2026-03-09T03:59:59Z', '23:59', { daysOfWeek: ['SUNDAY'] }, true],
    ['America/New_York', '2026-03-09T04:00:00Z', '00:00', { daysOfWeek: ['SUNDAY'] }, false],
  ])('%s %s, %s on the wall, within %j: %s', (zone, instant, wall, schedule, within) => {
    const clock = createZoneClock(zone);
    expect(wallClockText(Date.parse(instant), clock)).toContain(` ${wall}`);
    expect(applies(schedule, zone, instant)).toBe(within);
  });
});

describe('on the night when summer time ends', () => {
  // Paris shows 02:00 to 02:59 twice, New York 01:00 to 01:59.
  test.each([
    ['Europe/Paris', '2026-10-25T00:00:00Z', '02:00', hours('02:00', '03:00'), true],
    ['Europe/Paris', '2026-10-25T00:59:59Z', '02:59', hours('02:00', '03:00'), true],
    ['Europe/Paris', '2026-10-25T01:00:00Z', '02:00', hours('02:00', '03:00'), true],
    ['Europe/Paris', '2026-10-25T01:59:59Z', '02:59', hours('02:00', '03:00'), true],
    ['Europe/Paris', '2026-10-25T02:00:00Z', '03:00', hours('02:00', '03:00'), false],
    ['Europe/Paris', '2026-10-25T00:29:59Z', '02:29', hours('01:00', '02:30'), true],
    ['Europe/Paris', '2026-10-25T00:30:00Z', '02:30', hours('01:00', '02:30'), false],
    ['Europe/Paris', '2026-10-25T01:29:59Z', '02:29', hours('01:00', '02:30'), true],
    ['Europe/Paris', '2026-10-25T01:30:00Z', '02:30', hours('01:00', '02:30'), false],
    ['Europe/Paris', '2026-10-25T01:30:00Z', '02:30', hours('22:00', '03:00', 'SATURDAY'), true],
    ['Europe/Paris', '2026-10-25T01:30:00Z', '02:30', hours('22:00', '03:00', 'SUNDAY'), false],
    ['Europe/Paris', '2026-10-25T22:59:59Z', '23:59', { daysOfWeek: ['SUNDAY'] }, true],
    ['Europe/Paris', '2026-10-25T23:00:00Z', '00:00', { daysOfWeek: ['SUNDAY'] }, false],
    ['America/New_York', '2026-11-01T05:30:00Z', '01:30', hours('01:00', '02:00'), true],
    ['America/New_York', '2026-11-01T06:30:00Z', '01:30', hours('01:00', '02:00'), true],
    ['America/New_York', '2026-11-01T07:00:00Z', '02:00', hours('01:00', '02:00'), false],
    [
      'America/New_York',
      '2026-11-01T06:59:59Z',
      '01:59',
      hours('22:00', '02:00', 'SATURDAY'),
      true,
    ],
    [
      'America/New_York',
      '2026-11-01T07:00:00Z',
      '02:00',
      hours('22:00', '02:00', 'SATURDAY'),
      false,
    ],
    ['America/New_York', '2026-11-02T04:59:59Z', '23:59', { daysOfWeek: ['SUNDAY'] }, true],
    ['America/New_York', '2026-11-02T05:00:00Z', '00:00', { daysOfWeek: ['SUNDAY'] }, false],
  ])('%s %s, %s on the wall, within %j: %s', (zone, instant, wall, schedule, within) => {
    const clock = createZoneClock(zone);
    expect(wallClockText(Date.parse(instant), clock)).toContain(` ${wall}`);
    expect(applies(schedule, zone, instant)).toBe(within);
  });
});

describe('on an ordinary day', () => {
  test.each([
    ['2026-01-15T23:59:59Z', { startTimeOfDay: '18:00' }, true],
    ['2026-01-15T17:59:59Z', { startTimeOfDay: '18:00' }, false],
    ['2026-01-15T00:00:00Z', { endTimeOfDay: '09:00' }, true],
    ['2026-01-15T09:00:00Z', { endTimeOfDay: '09:00' }, false],
    ['2026-01-15T23:59:59Z', hours('18:00', '00:00'), true],
    ['2026-01-16T00:00:00Z', hours('18:00', '00:00'), false],
    ['2026-01-15T12:00:00Z', {}, true],
    ['2026-01-15T12:00:00Z', { daysOfWeek: ['THURSDAY'], endTime: '2026-01-15T12:00:00Z' }, false],
    ['2026-01-15T12:00:00Z', { daysOfWeek: ['FRIDAY'], startTime: '2026-01-01T00:00:00Z' }, false],
  ])('%s within %j: %s', (instant, schedule, within) => {
    expect(applies(schedule, 'UTC', instant)).toBe(within);
  });
});

describe('on the night before a date that is skipped', () => {
  // Samoa went from Thursday, 29 December 2011, to Saturday.
  const night = hours('22:00', '02:00', 'THURSDAY');
  test.each([
    ['2011-12-30T09:30:00Z', 'Thursday 2011-12-29 23:30', night, true],
    ['2011-12-30T10:30:00Z', 'Saturday 2011-12-31 00:30', night, true],
    ['2011-12-30T12:00:00Z', 'Saturday 2011-12-31 02:00', night, false],
    ['2011-12-30T10:30:00Z', 'Saturday 2011-12-31 00:30', hours('22:00', '02:00', 'FRIDAY'), false],
  ])('%s, %s on the wall, within %j: %s', (instant, wall, schedule, within) => {
    expect(wallClockText(Date.parse(instant), createZoneClock('Pacific/Apia'))).toBe(wall);
    expect(applies(schedule, 'Pacific/Apia', instant)).toBe(within);
  });
});
