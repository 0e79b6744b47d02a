import { expect, test } from '@jest/globals';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import type { Account } from './journal.ts';
import type { Lot } from './lot.ts';
import { newMembership } from './membership.ts';
import { addDueAccounts, noTotals, type TotalsQuery } from './program-totals.ts';

const [january, february, march] = [Date.UTC(2026, 0), Date.UTC(2026, 1), Date.UTC(2026, 2)];
const asOf = Date.UTC(2026, 0, 10);
const query: TotalsQuery = {
  asOf,
  period: { startTime: january, endTime: february },
  months: [january, february, march],
};

const lot = (expiresAt: number, remaining: bigint): Lot => ({
  availableAt: beginningOfTime,
  expiresAt,
  class: 'NORMAL',
  remaining,
});

function accountWith(lots: readonly Lot[]): Account {
  const member = { membershipId: 1n, programId: 'p', userId: 'alice', joinTime: january };
  const available = lots.reduce((sum, { remaining }) => sum + remaining, 0n);
  const membership = { ...newMembership(member), lastEntryTime: january, available };
  return { membership, lots, redemptions: [], entries: [] };
}

test('points belong to the month of their last instant', () => {
  const lots = [
    lot(asOf + 1, 1n),
    lot(february, 2n),
    lot(february + 1, 4n),
    lot(march, 8n),
    lot(march + 1, 16n),
    lot(Date.UTC(2030, 0), 32n),
    lot(endOfTime, 64n),
  ];
  const totals = addDueAccounts(noTotals(query), [accountWith(lots)], query);
  expect(totals).toMatchObject({ available: 127n, expiring: [3n, 12n, 48n], neverExpiring: 64n });
});

test('points past their expiry are expired, in the period that the summary is of', () => {
  const accounts = [accountWith([lot(asOf, 5n), lot(march, 1n)]), accountWith([lot(asOf - 1, 7n)])];
  expect(addDueAccounts(noTotals(query), accounts, query)).toMatchObject({
    members: { ACTIVE: 2n },
    available: 1n,
    moved: { EXPIRE: -12n },
  });
  const later = { ...query, period: { startTime: february, endTime: march } };
  expect(addDueAccounts(noTotals(later), accounts, later)).toMatchObject({
    available: 1n,
    moved: { EXPIRE: 0n },
  });
});

test('accounts are added to what was summed up before', () => {
  const once = addDueAccounts(noTotals(query), [accountWith([lot(march, 3n)])], query);
  expect(addDueAccounts(once, [accountWith([lot(endOfTime, 4n)])], query)).toMatchObject({
    members: { ACTIVE: 2n, SUSPENDED: 0n, LEFT: 0n },
    available: 7n,
    expiring: [0n, 3n, 0n],
    neverExpiring: 4n,
  });
});
