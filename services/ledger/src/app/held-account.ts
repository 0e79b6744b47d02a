import { IdempotencyKeyReused, MembershipNotFound, RedemptionNotFound } from '../domain/errors.ts';
import type { Account } from '../domain/journal.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import { sameFingerprint } from './fingerprint.ts';
import type { Held, MemberName, RequestKey, RequestRecord } from './ledger-store.ts';

/** @throws {MembershipNotFound} */
export function heldAccount(held: Held, member: MemberName): Account {
  const account = held.account(member);
  if (account === undefined) throw new MembershipNotFound();
  return account;
}

/** @throws {MembershipNotFound} {@link RedemptionNotFound} */
export function heldRedemption(
  held: Held,
  { redemptionId, ...member }: MemberName & { redemptionId: string },
): { account: Account; redemption: Redemption } {
  const account = heldAccount(held, member);
  const redemption = account.redemptions.find((each) => each.redemptionId === redemptionId);
  if (redemption === undefined) throw new RedemptionNotFound();
  return { account, redemption };
}

/**
 * What the request's key stands for, or undefined for a new key.
 *
 * @throws {IdempotencyKeyReused} when the key was used with other content
 */
export function repeatedRequest(
  held: Held,
  request: RequestKey & { membershipId: bigint; fingerprint: Uint8Array },
): RequestRecord | undefined {
  const record = held.request(request.membershipId, request);
  if (record !== undefined && !sameFingerprint(record.fingerprint, request.fingerprint)) {
    throw new IdempotencyKeyReused();
  }
  return record;
}

/** The line that a change just added to an account's journal. */
export function lineAfter(before: Account, after: Account) {
  const line = after.entries[before.entries.length];
  if (line === undefined) throw new Error('a change has to leave a line in the journal');
  return line;
}
