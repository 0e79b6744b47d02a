import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { type Attributes, updatedAttributes } from './attributes.ts';
import { type Account, noChange, record, withMembership } from './journal.ts';
import { newMembership } from './membership.ts';

interface Joining {
  /** Set beside those that the member has already. */
  readonly attributes: Attributes;
  /** If it isn't `now`: for a member from another system. */
  readonly joinTime?: Instant | undefined;
  readonly author: Author;
  readonly now: Instant;
}

/** Opens the account of a user who never was a member. */
export function join({
  membershipId,
  programId,
  userId,
  ...joining
}: Joining & { membershipId: bigint; programId: string; userId: string }): Account {
  const joinTime = joining.now;
  const account = {
    membership: newMembership({ membershipId, programId, userId, joinTime }),
    lots: [],
    redemptions: [],
    entries: [],
  };
  return joined(account, joining);
}

/**
 * Takes back someone who left. What they owed, their attributes, limits, totals and a suspension are as they were.
 */
export function rejoin(account: Account, joining: Joining): Account {
  const state = account.membership.suspended ? 'SUSPENDED' : 'ACTIVE';
  return joined(withMembership(account, { state }), joining);
}

function joined(account: Account, { attributes: set, joinTime, author, now }: Joining): Account {
  const { attributes: present } = account.membership;
  return record(account, {
    kind: 'JOINED',
    changes: noChange,
    allocations: [],
    attributes: updatedAttributes(present, { kind: 'MERGE', set, removed: [] }),
    joinTime: joinTime ?? now,
    author,
    now,
  });
}
