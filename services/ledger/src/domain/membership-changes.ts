import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Attributes } from './attributes.ts';
import { bringUpToDate } from './bring-up-to-date.ts';
import { IllegalTransition } from './errors.ts';
import { forfeit } from './forfeit.ts';
import { type Account, type EntryKind, noChange, record, withMembership } from './journal.ts';
import { byDeadline } from './redemption-state.ts';
import { releaseHolds } from './release.ts';

interface Change {
  readonly author: Author;
  readonly now: Instant;
}

/**
 * Stops a member's earns and redemptions.
 *
 * @throws {IllegalTransition} when the user has left
 */
export function suspend(account: Account, change: Change): Account {
  refuseLeft(account, 'SUSPENDED');
  const suspended = withMembership(account, { state: 'SUSPENDED', suspended: true });
  return note(suspended, { kind: 'SUSPENDED', ...change });
}

/**
 * Lets a suspended member act again.
 *
 * @throws {IllegalTransition} when the user has left
 */
export function resume(account: Account, change: Change): Account {
  refuseLeft(account, 'ACTIVE');
  const resumed = withMembership(account, { state: 'ACTIVE', suspended: false });
  return note(resumed, { kind: 'RESUMED', ...change });
}

/** Changes what conditions may ask about the member. */
export function updateAttributes(
  account: Account,
  { attributes, author, now }: Change & { attributes: Attributes },
): Account {
  const kind = 'UPDATED';
  return record(account, { kind, changes: noChange, allocations: [], attributes, author, now });
}

/**
 * Ends a membership: open holds are released, then what has passed meanwhile expires, then all that is left is forfeited.
 * What is owed stays.
 */
export function leave(account: Account, change: Change): Account {
  const holds = byDeadline(account.redemptions.filter(({ state }) => state === 'RESERVED'));
  const released = releaseHolds(account, holds, { state: 'CANCELLED', ...change });
  const forfeited = forfeit(bringUpToDate(released, change.now), change);
  return note(withMembership(forfeited, { state: 'LEFT' }), { kind: 'LEFT', ...change });
}

function note(account: Account, { kind, author, now }: Change & { kind: EntryKind }): Account {
  return record(account, { kind, changes: noChange, allocations: [], author, now });
}

function refuseLeft({ membership }: Account, to: string): void {
  if (membership.state === 'LEFT') throw new IllegalTransition({ from: 'LEFT', to });
}
