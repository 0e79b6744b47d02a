import { type Balance, balanceAt } from '../domain/balance.ts';
import { membershipEtag } from '../domain/etag.ts';
import type { Instant } from '../domain/instant.ts';
import type { Account } from '../domain/journal.ts';
import type { Membership } from '../domain/membership.ts';
import { settle } from '../domain/settle.ts';

/** A membership as it is shown: who it is, and the balance at the instant of the question. */
export interface MembershipView {
  readonly membership: Membership;
  readonly balance: Balance;
  readonly etag: string;
}

export function viewMembership(account: Account, now: Instant): MembershipView {
  const { membership } = account;
  const settled = settle(account, now);
  return {
    membership,
    balance: balanceAt(settled, now),
    etag: membershipEtag(membership, settled === account ? undefined : now),
  };
}
