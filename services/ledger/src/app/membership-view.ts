import { type Balance, balanceAt } from '../domain/balance.ts';
import type { Instant } from '../domain/instant.ts';
import type { Account } from '../domain/journal.ts';
import type { Membership } from '../domain/membership.ts';

/** A membership as it is shown: who it is, and the balance at the instant of the question. */
export interface MembershipView {
  readonly membership: Membership;
  readonly balance: Balance;
}

export function viewMembership(account: Account, now: Instant): MembershipView {
  return { membership: account.membership, balance: balanceAt(account, now) };
}
