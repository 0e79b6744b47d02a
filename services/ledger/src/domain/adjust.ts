import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { credit, missingPoints } from './available.ts';
import { bringUpToDate, isPending } from './bring-up-to-date.ts';
import { InsufficientPoints, MembershipLeft } from './errors.ts';
import { startedInactivity } from './inactivity.ts';
import { type Account, type NewEntry, noChange, record } from './journal.ts';
import { inConsumptionOrder, type LotKey, take } from './lot.ts';
import { smaller } from './points.ts';

interface Adjustment {
  readonly points: bigint;
  /** Only operators read it. */
  readonly reason: string;
  /** The member reads it. */
  readonly note?: string;
  readonly author: Author;
  readonly now: Instant;
}

/**
 * Adds points by hand to an account that is up to date. What can be spent at once pays what is owed first; none count as earned.
 *
 * @throws {MembershipLeft} when the user has left and the points would do more than pay what they owe now
 * @throws {ValidationFailed} when the points would expire by inactivity before they can be spent
 * @throws {LimitExceeded} when the balance would pass what can be represented
 */
export function addByHand(
  account: Account,
  adjustment: Adjustment & {
    lot: LotKey;
    /** When the points expire if the member does nothing, where they expire by inactivity and nothing else says when. */
    inactivityExpiresAt: Instant | undefined;
  },
): Account {
  const { inactivityExpiresAt: at, now } = adjustment;
  refuseMoreThanOwed(account, adjustment);
  const present = account.membership.inactivityExpiresAt;
  const inactivityExpiresAt = startedInactivity(present, { at, now });
  refuseNeverSpendable(adjustment.lot, inactivityExpiresAt ?? present);
  const entry = entryOf(adjustment, credit(account, adjustment));
  return bringUpToDate(record(account, { ...entry, inactivityExpiresAt }), now);
}

/**
 * Takes points by hand from an account that is up to date.
 *
 * @throws {InsufficientPoints} when it has fewer, and no deficit is allowed
 * @throws {LimitExceeded} when the deficit would pass what can be represented
 */
export function takeByHand(
  account: Account,
  adjustment: Adjustment & { allowDeficit: boolean },
): Account {
  const { points } = adjustment;
  const taken = smaller(points, account.membership.available);
  const owed = points - taken;
  if (owed > 0n && !adjustment.allowDeficit) {
    throw new InsufficientPoints(missingPoints(account, points));
  }
  const available = account.lots.filter((lot) => !isPending(lot, account));
  const debit = {
    changes: { ...noChange, available: -taken, deficit: owed },
    allocations: take(inConsumptionOrder(available, account.membership), taken),
  };
  return record(account, entryOf(adjustment, debit));
}

function entryOf(
  { reason, note, author, now }: Adjustment,
  move: Pick<NewEntry, 'changes' | 'allocations'>,
): NewEntry {
  const subject = note === undefined ? { reason } : { reason, note };
  return { kind: 'ADJUST', ...move, subject, author, now };
}

function refuseMoreThanOwed(
  { membership }: Account,
  { points, lot, now }: { points: bigint; lot: LotKey; now: Instant },
): void {
  const { state, deficit } = membership;
  if (state !== 'LEFT' || (points <= deficit && lot.availableAt <= now)) return;
  throw new MembershipLeft(
    `The user has left the program and owes ${deficit} points; credit at most these, to be available at once, or let them join again`,
  );
}

function refuseNeverSpendable(lot: LotKey, inactivityExpiresAt: Instant): void {
  if (lot.class !== 'INACTIVITY' || lot.availableAt < inactivityExpiresAt) return;
  const gone = new Date(inactivityExpiresAt).toISOString();
  const message = `must be before ${gone}, when the member's points expire by inactivity; or give an expire_time as well`;
  throw new ValidationFailed([{ field: 'available_time', message, names: ['expire_time'] }]);
}
