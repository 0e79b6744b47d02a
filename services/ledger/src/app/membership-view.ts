import type { Instant } from '@loyalty/rules/instant.ts';
import { type Balance, balanceAt } from '../domain/balance.ts';
import { bringUpToDate } from '../domain/bring-up-to-date.ts';
import { membershipEtag } from '../domain/etag.ts';
import type { Account } from '../domain/journal.ts';
import type { Membership } from '../domain/membership.ts';

/** A membership as callers see it: the member, and the balance at the instant of the request. */
export interface MembershipView {
  readonly membership: Membership;
  readonly balance: Balance;
  readonly etag: string;
}

export function viewMembership(account: Account, now: Instant): MembershipView {
  const { membership } = account;
  const current = bringUpToDate(account, now);
  return {
    membership,
    balance: balanceAt(current, now),
    etag: membershipEtag(membership, current === account ? undefined : now),
  };
}
