import type { Instant } from '@loyalty/rules/instant.ts';
import { bringUpToDate } from './bring-up-to-date.ts';
import { type Account, type Changes, type Entry, type EntryKind, noChange } from './journal.ts';
import { nowOf } from './membership.ts';
import { isWithin, type Period } from './period.ts';

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
  /** The first sequence that isn't part of it any more. */
  readonly past: bigint;
}

/**
 * The statement of an account, which is as it was written. What is due by `now` belongs to the period in which `now` lies.
 *
 * @param since the changes by kind of the entries since the period's start, with those after its end apart, and those from
 * `past` on
 * @param past the first sequence that isn't part of the statement; undefined for a statement of the present
 */
export function statementOf(
  account: Account,
  {
    since,
    period,
    past,
    now,
  }: {
    since: readonly (KindTotal & { readonly inPeriod: boolean })[];
    period: Period;
    past?: bigint | undefined;
    now: Instant;
  },
): Statement {
  const time = nowOf(account, now);
  const { entries } = bringUpToDate(account, time);
  const due = isWithin(time, period)
    ? entries.filter(({ sequence }) => past === undefined || sequence < past)
    : [];
  const before = time < period.startTime ? entries : [];
  const opening = sumOf([account.membership, ...before, ...since.map(negative)]);
  const totals = totalsOf([
    ...since.filter(({ inPeriod }) => inPeriod),
    ...due.map((entry) => ({ ...entry, entries: 1n })),
  ]);
  const next = account.membership.lastSequence + BigInt(due.length) + 1n;
  return { opening, closing: sumOf([opening, ...totals]), totals, due, past: past ?? next };
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
