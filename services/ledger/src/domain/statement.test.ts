import { describe, expect, test } from '@jest/globals';
import { endOfTime } from '@loyalty/rules/instant.ts';
import { bringUpToDate } from './bring-up-to-date.ts';
import { postEarn } from './earn.ts';
import { join } from './join.ts';
import { type Account, noChange, pointsOf } from './journal.ts';
import type { Period } from './period.ts';
import { type KindTotal, type Statement, statementOf } from './statement.ts';

const author = { actor: 'service:test', requestId: 'r' };

/** Joined at 0; 10 points earned at 10, which are pending until 20 and expire at 40. */
function account(): Account {
  const opened = join({
    membershipId: 1n,
    programId: 'wine-dine',
    userId: 'alice',
    attributes: {},
    author,
    now: 0,
  });
  return postEarn(opened, {
    points: 10n,
    lot: { availableAt: 20, expiresAt: 40, class: 'NORMAL' },
    inactivityExpiresAt: undefined,
    transactionId: 'order-1',
    author,
    now: 10,
  });
}

/** The same account with another purchase of 5 points at 30, and what was due by then. */
function laterAccount(): Account {
  return postEarn(bringUpToDate(account(), 30), {
    points: 5n,
    lot: { availableAt: 50, expiresAt: 90, class: 'NORMAL' },
    inactivityExpiresAt: undefined,
    transactionId: 'order-2',
    author,
    now: 30,
  });
}

/** The statement of a period, from the entries that an account has. */
function statement(
  { startTime, endTime }: Period,
  now: number,
  { past, written: { entries, ...written } = account() }: { past?: bigint; written?: Account } = {},
): Statement {
  const since = entries
    .filter(({ createTime }) => createTime >= startTime)
    .map((entry) => ({
      ...entry,
      entries: 1n,
      inPeriod: entry.createTime < endTime && (past === undefined || entry.sequence < past),
    }));
  const period = { startTime, endTime };
  return statementOf({ ...written, entries: [] }, { since, period, past, now });
}

const summary = ({ opening, closing, totals, due }: Statement) => ({
  opening: [opening.available, opening.pending],
  closing: [closing.available, closing.pending],
  totals: totals.map(({ kind, entries, ...changes }: KindTotal) => [
    kind,
    entries,
    pointsOf(changes),
  ]),
  due: due.map(({ kind, sequence, createTime }) => [kind, sequence, createTime]),
});

describe('a statement', () => {
  test('has what was written in its period', () => {
    expect(summary(statement({ startTime: 10, endTime: 11 }, 15))).toEqual({
      opening: [0n, 0n],
      closing: [0n, 10n],
      totals: [['EARN', 1n, 10n]],
      due: [],
    });
    expect(summary(statement({ startTime: 0, endTime: 10 }, 15))).toEqual({
      opening: [0n, 0n],
      closing: [0n, 0n],
      totals: [['JOINED', 1n, 0n]],
      due: [],
    });
  });

  test('counts what is due and not written where the present lies in its period', () => {
    expect(summary(statement({ startTime: 11, endTime: endOfTime }, 30))).toEqual({
      opening: [0n, 10n],
      closing: [10n, 0n],
      totals: [['MATURE', 1n, 0n]],
      due: [['MATURE', 3n, 30]],
    });
    const gone = summary(statement({ startTime: 11, endTime: 60 }, 50));
    expect(gone).toMatchObject({ opening: [0n, 10n], closing: [0n, 0n] });
    expect(gone.due).toEqual([
      ['MATURE', 3n, 50],
      ['EXPIRE', 4n, 50],
    ]);
  });

  test('stays as it was on the first page, whatever is written after it', () => {
    const period = { startTime: 0, endTime: endOfTime };
    const first = statement(period, 15);
    expect([first.past, first.due]).toEqual([3n, []]);
    const later = statement(period, 15, { past: first.past, written: laterAccount() });
    expect(summary(later)).toEqual(summary(first));
  });

  test('counts what was due on the first page once, written or not', () => {
    const period = { startTime: 0, endTime: endOfTime };
    const first = statement(period, 30);
    const { past } = first;
    expect([past, first.due.length]).toEqual([4n, 1]);
    expect(summary(statement(period, 30, { past }))).toEqual(summary(first));
    const written = laterAccount();
    expect(summary(statement(period, 30, { past, written }))).toEqual({
      ...summary(first),
      due: [],
    });
  });

  test('of a past period doesn’t, because it will be written after its end', () => {
    const past = statement({ startTime: 11, endTime: 30 }, 30);
    expect(summary(past)).toMatchObject({ opening: [0n, 10n], closing: [0n, 10n], due: [] });
  });

  test('of a period to come opens with what there is now', () => {
    const coming = statement({ startTime: 31, endTime: 60 }, 30);
    expect(summary(coming)).toEqual({
      opening: [10n, 0n],
      closing: [10n, 0n],
      totals: [],
      due: [],
    });
    expect(coming.opening).toEqual({ ...noChange, available: 10n });
  });
});
