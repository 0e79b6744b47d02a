import { expect, test } from '@jest/globals';
import { beginningOfTime, endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import { postEarn } from './earn.ts';
import { join } from './join.ts';
import type { Account } from './journal.ts';
import type { LotKey } from './lot.ts';
import { suspend } from './membership-changes.ts';
import { noticesDue } from './notices.ts';

const author = { actor: 'service:test', requestId: 'r' };
const clock = createZoneClock('Europe/Paris');
const at = (text: string): Instant => Date.parse(text);
const start = at('2026-01-01T12:00:00+01:00');

function accountWith(...lots: Partial<LotKey>[]): Account {
  const identity = { membershipId: 1n, programId: 'wine-dine', userId: 'alice', attributes: {} };
  return lots.reduce<Account>(
    (account, lot) =>
      postEarn(account, {
        points: 10n,
        lot: { availableAt: beginningOfTime, expiresAt: endOfTime, class: 'NORMAL', ...lot },
        inactivityExpiresAt: undefined,
        transactionId: 't',
        author,
        now: start,
      }),
    join({ ...identity, author, now: start }),
  );
}

const days = { EXPIRING: 7, MATURING: 3 };
const due = (account: Account, now: string) => noticesDue(account, { now: at(now), days, clock });

test('the points of a date are announced as many days before as asked for, from the first instant of that day', () => {
  const expiresAt = at('2026-12-31T24:00:00+01:00');
  const account = accountWith({ expiresAt });
  expect(due(account, '2026-12-23T23:59:59.999+01:00')).toEqual([]);
  const notice = { kind: 'EXPIRING', date: '2026-12-31', points: 10n, time: expiresAt };
  expect(due(account, '2026-12-24T00:00:00+01:00')).toEqual([notice]);
  expect(due(account, '2026-12-31T23:59:59.999+01:00')).toEqual([notice]);
  expect(due(account, '2027-01-01T00:00:00+01:00')).toEqual([]);
});

test('all points of a day in the program’s time zone come in one notice, with the first of their times', () => {
  const account = accountWith(
    { expiresAt: at('2026-03-05T00:30:00+01:00') },
    { expiresAt: at('2026-03-05T24:00:00+01:00') },
    { expiresAt: at('2026-03-06T24:00:00+01:00') },
  );
  expect(due(account, '2026-03-01T12:00:00+01:00')).toEqual([
    { kind: 'EXPIRING', date: '2026-03-05', points: 20n, time: at('2026-03-05T00:30:00+01:00') },
    { kind: 'EXPIRING', date: '2026-03-06', points: 10n, time: at('2026-03-06T24:00:00+01:00') },
  ]);
});

test('pending points are announced for the day on which they become available, and until then', () => {
  const availableAt = at('2026-03-05T00:00:00+01:00');
  const account = accountWith({ availableAt }, {});
  expect(due(account, '2026-03-01T12:00:00+01:00')).toEqual([]);
  expect(due(account, '2026-03-02T12:00:00+01:00')).toEqual([
    { kind: 'MATURING', date: '2026-03-05', points: 10n, time: availableAt },
  ]);
  expect(due(account, '2026-03-05T00:00:00+01:00')).toEqual([]);
});

test('points that are still pending when they expire are announced as expiring only', () => {
  const availableAt = at('2026-03-05T00:00:00+01:00');
  const account = accountWith({ availableAt, expiresAt: availableAt });
  expect(due(account, '2026-03-03T12:00:00+01:00').map(({ kind }) => kind)).toEqual(['EXPIRING']);
});

test('a program that wants no notices of a kind has none, and neither has a member who is suspended', () => {
  const account = accountWith({ expiresAt: at('2026-03-05T00:00:00+01:00') });
  const now = at('2026-03-04T12:00:00+01:00');
  expect(noticesDue(account, { now, clock, days: { ...days, EXPIRING: 0 } })).toEqual([]);
  const suspended = suspend(account, { author, now: start });
  expect(noticesDue(suspended, { now, clock, days })).toEqual([]);
});
