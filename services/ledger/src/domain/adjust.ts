import { makeAvailable } from './available.ts';
import { InsufficientPoints } from './errors.ts';
import type { Instant } from './instant.ts';
import { type Account, type Cause, noChange, record } from './journal.ts';
import { inConsumptionOrder, type LotKey, take } from './lot.ts';
import { smaller } from './points.ts';
import { isPending, settle } from './settle.ts';

interface Adjustment {
  readonly reason: string;
  readonly cause: Cause;
  readonly now: Instant;
}

/**
 * Adds points by hand to a settled account. They pay what is owed first; they don't count as earned.
 *
 * @throws {LimitExceeded} when the balance would pass what can be represented
 */
export function addByHand(
  account: Account,
  adjustment: Adjustment & {
    points: bigint;
    lot: LotKey;
    /** The new date of the points that expire by inactivity, if these are such. */
    inactivityExpiresAt: Instant | undefined;
  },
): Account {
  const { points, lot, inactivityExpiresAt, reason, cause, now } = adjustment;
  const credit = makeAvailable(account, [{ ...lot, points }]);
  const line = { kind: 'ADJUST', ...credit, subject: { reason }, cause, now } as const;
  return settle(record(account, { ...line, inactivityExpiresAt }), now);
}

/**
 * Takes points by hand from a settled account.
 *
 * @throws {InsufficientPoints} when it has fewer, and no deficit is allowed
 */
export function takeByHand(
  account: Account,
  adjustment: Adjustment & { points: bigint; allowDeficit: boolean },
): Account {
  const { points, reason, cause, now } = adjustment;
  const taken = smaller(points, account.membership.available);
  const owed = points - taken;
  if (owed > 0n && !adjustment.allowDeficit) throw new InsufficientPoints(owed);
  const available = account.lots.filter((lot) => !isPending(lot, account));
  return record(account, {
    kind: 'ADJUST',
    changes: { ...noChange, available: -taken, deficit: owed },
    allocations: take(inConsumptionOrder(available, account.membership), taken),
    subject: { reason },
    cause,
    now,
  });
}
