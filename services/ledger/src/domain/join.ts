import type { Instant } from './instant.ts';
import { type Account, type Cause, noChange, record, withMembership } from './journal.ts';
import { newMembership } from './membership.ts';

/** Opens the account of a user who never was a member. */
export function join(membership: {
  membershipId: bigint;
  programId: string;
  userId: string;
  attributes: Readonly<Record<string, string>>;
  cause: Cause;
  now: Instant;
}): Account {
  const { cause, now, ...identity } = membership;
  const account = {
    membership: newMembership({ ...identity, joinTime: now }),
    lots: [],
    redemptions: [],
    entries: [],
  };
  return joined(account, { cause, now });
}

/**
 * Takes back someone who left. What they owed, their limits, their totals and a suspension are as they were.
 */
export function rejoin(
  account: Account,
  rejoining: { attributes: Readonly<Record<string, string>>; cause: Cause; now: Instant },
): Account {
  const returned = withMembership(account, {
    state: account.membership.suspended ? 'SUSPENDED' : 'ACTIVE',
    attributes: rejoining.attributes,
    joinTime: rejoining.now,
  });
  return joined(returned, rejoining);
}

function joined(account: Account, { cause, now }: { cause: Cause; now: Instant }): Account {
  return record(account, { kind: 'JOINED', changes: noChange, allocations: [], cause, now });
}
