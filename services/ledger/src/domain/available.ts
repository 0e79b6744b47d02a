import type { Instant } from '@loyalty/rules/instant.ts';
import type { Account, Changes } from './journal.ts';
import { noChange } from './journal.ts';
import { type Allocation, inConsumptionOrder, type LotKey, sumAllocations, take } from './lot.ts';
import { smaller } from './points.ts';

/** How many points have to become available for others to be taken, what is owed included; 0n or less when none have. */
export function missingPoints({ membership }: Account, points: bigint): bigint {
  return points + membership.deficit - membership.available;
}

/** What an entry says about new points: they are pending until they mature, and available where they never have to. */
export function credit(
  account: Account,
  { points, lot, now }: { points: bigint; lot: LotKey; now: Instant },
): { changes: Changes; allocations: readonly Allocation[] } {
  const given = points === 0n ? [] : [{ ...lot, points }];
  return lot.availableAt > now
    ? { changes: { ...noChange, pending: points }, allocations: given }
    : makeAvailable(account, given);
}

/**
 * What an entry says about points that become available, by whatever way: they pay what the member owes before
 * anything else, those that would be spent first paying first; the rest goes to the lots.
 */
export function makeAvailable(
  account: Account,
  given: readonly Allocation[],
): { changes: Changes; allocations: Allocation[] } {
  const points = given.reduce((sum, each) => sum + each.points, 0n);
  const paid = smaller(points, account.membership.deficit);
  const lots = given.map(({ points: remaining, ...key }) => ({ ...key, remaining }));
  const used = take(inConsumptionOrder(lots, account.membership), paid);
  return {
    changes: { ...noChange, available: points - paid, deficit: -paid },
    allocations: sumAllocations(given, used),
  };
}
