import { IdempotencyKeyReused, MembershipNotFound, RedemptionNotFound } from '../domain/errors.ts';
import type { Account } from '../domain/journal.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import type { LockedState, MemberName, RequestKey, RequestRecord } from './ledger-store.ts';
import { repeatOf } from './repeat.ts';

/** @throws {MembershipNotFound} */
export function lockedAccount(locked: LockedState, member: MemberName): Account {
  const account = locked.bringUpToDate(member);
  if (account === undefined) throw new MembershipNotFound();
  return account;
}

/** @throws {MembershipNotFound} {@link RedemptionNotFound} */
export function lockedRedemption(
  locked: LockedState,
  { redemptionId, ...member }: MemberName & { redemptionId: string },
): { account: Account; redemption: Redemption } {
  const account = lockedAccount(locked, member);
  const redemption = locked.redemption(member, { redemptionId });
  if (redemption === undefined) throw new RedemptionNotFound();
  return { account, redemption };
}

/**
 * The earlier request with the member's key; undefined for a new key and for a user who never joined.
 *
 * @param differingFields what is another than in the first request with the key, where that can be said
 * @throws {IdempotencyKeyReused} when the key was used with other content
 */
export function repeatedRequest(
  locked: LockedState,
  { member, ...key }: RequestKey & { member: MemberName; fingerprint: Uint8Array },
  differingFields: (record: RequestRecord) => readonly string[] = () => [],
): RequestRecord | undefined {
  const account = locked.bringUpToDate(member);
  const record = account && locked.request(account.membership.membershipId, key);
  return repeatOf(
    record,
    key.fingerprint,
    (first) => new IdempotencyKeyReused(differingFields(first)),
  );
}

/** The entry that a change just added to an account's journal. */
export function lineAfter(before: Account, after: Account) {
  const entry = after.entries[before.entries.length];
  if (entry === undefined) throw new Error('a change must write an entry');
  return entry;
}
