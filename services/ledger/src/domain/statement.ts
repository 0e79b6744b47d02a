import { bringUpToDate } from './bring-up-to-date.ts';
import type { Instant } from './instant.ts';
import { type Account, type Changes, type Entry, type EntryKind, noChange } from './journal.ts';
import { nowOf } from './membership.ts';

/** From its start up to, not including, its end. */
export interface Period {
  readonly startTime: Instant;
  readonly endTime: Instant;
}

/** What entries of one kind changed together. */
export interface KindTotal extends Changes {
  readonly kind: EntryKind;
  readonly entries: bigint;
}

/** What changed a balance in a period. The opening balance and all totals are the closing balance. */
export interface Statement {
  readonly opening: Changes;
  readonly closing: Changes;
  /** One for each kind that there is. */
  readonly totals: readonly KindTotal[];
  /** Entries of the period that are due and not written, as if they were written now. */
  readonly due: readonly Entry[];
}

/**
 * The statement of an account, which is as it was written. What is due by `now` belongs to the period in which `now` lies.
 *
 * @param since what the entries since the period's start changed, by kind, those after its end apart
 */
export function statementOf(
  account: Account,
  {
    since,
    period: { startTime, endTime },
    now,
  }: {
    since: readonly (KindTotal & { readonly inPeriod: boolean })[];
    period: Period;
    now: Instant;
  },
): Statement {
  const time = nowOf(account, now);
  const { entries } = bringUpToDate(account, time);
  const due = time >= startTime && time < endTime ? entries : [];
  const before = time < startTime ? entries : [];
  const opening = sumOf([account.membership, ...before, ...since.map(negative)]);
  const totals = totalsOf([
    ...since.filter(({ inPeriod }) => inPeriod),
    ...due.map((entry) => ({ ...entry, entries: 1n })),
  ]);
  return { opening, closing: sumOf([opening, ...totals]), totals, due };
}

function totalsOf(parts: readonly KindTotal[]): KindTotal[] {
  return Array.from(
    Map.groupBy(parts, ({ kind }) => kind),
    ([kind, ofKind]) => ({
      kind,
      entries: ofKind.reduce((sum, { entries }) => sum + entries, 0n),
      ...sumOf(ofKind),
    }),
  );
}

function sumOf(parts: readonly Changes[]): Changes {
  return parts.reduce<Changes>(
    (sum, part) => ({
      available: sum.available + part.available,
      pending: sum.pending + part.pending,
      reserved: sum.reserved + part.reserved,
      deficit: sum.deficit + part.deficit,
    }),
    noChange,
  );
}

function negative({ available, pending, reserved, deficit }: Changes): Changes {
  return { available: -available, pending: -pending, reserved: -reserved, deficit: -deficit };
}
