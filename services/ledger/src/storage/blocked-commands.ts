import type { Needs, PostedEarn, RewardName } from '../app/ledger-store.ts';
import type { Account } from '../domain/journal.ts';
import { purchaseKey, stockKey } from './ledger-keys.ts';
import { memberKey } from './membership-ids.ts';

/** Says which memberships a command locks. */
export interface Lockable {
  readonly membershipIds: ReadonlyMap<string, bigint>;
  /** Credited purchases, among them those to refund. */
  readonly posted: readonly PostedEarn[];
}

/** The needs of commands that lock a membership which isn't among the accounts. */
export function withoutAccount(
  needs: readonly Needs[],
  accounts: readonly Account[],
  lockable: Lockable,
): Set<Needs> {
  const locked = new Set(accounts.map(({ membership }) => membership.membershipId));
  const idsOf = membershipsOf(lockable);
  return new Set(needs.filter((need) => idsOf(need).some((id) => !locked.has(id))));
}

/** Stock that the commands of a database transaction concern. */
export interface ConcernedStock {
  /** Rewards whose stock commands may take. */
  readonly wanted: readonly RewardName[];
  /** Rewards whose stock may come back, by membership. */
  readonly returned: ReadonlyMap<bigint, readonly RewardName[]>;
}

/** The needs of commands that concern stock which isn't locked. */
export function withoutStock(
  needs: readonly Needs[],
  { stock, locked }: { stock: ConcernedStock; locked: ReadonlyMap<string, bigint> },
  lockable: Lockable,
): Needs[] {
  const isMissing = (reward: RewardName) => !locked.has(stockKey(reward));
  const idsOf = membershipsOf(lockable);
  return needs.filter(
    (need) =>
      (need.stock !== undefined && isMissing(need.stock)) ||
      idsOf(need).some((id) => stock.returned.get(id)?.some(isMissing)),
  );
}

function membershipsOf({ membershipIds, posted }: Lockable): (need: Needs) => bigint[] {
  const earners = new Map(posted.map((earn) => [purchaseKey(earn), earn.membershipId]));
  return ({ member, membershipId, refundOf }) =>
    [
      member && membershipIds.get(memberKey(member)),
      membershipId,
      refundOf && earners.get(purchaseKey(refundOf)),
    ].filter((id) => id !== undefined);
}
