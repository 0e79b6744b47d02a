import type { Account, Changes } from './journal.ts';
import { noChange } from './journal.ts';
import { type Allocation, inConsumptionOrder, sumAllocations, take } from './lot.ts';
import { smaller } from './points.ts';

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
