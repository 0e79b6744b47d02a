import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { makeAvailable } from './available.ts';
import { type Account, record, withRedemption } from './journal.ts';
import type { Allocation } from './lot.ts';
import type { Redemption, RedemptionPart } from './redemption-state.ts';

/** Gives all points of a hold back to their own lots; those that have expired meanwhile go when the account is next brought up to date. */
export function releaseHold(
  account: Account,
  hold: Redemption,
  end: { state: 'CANCELLED' | 'EXPIRED'; author: Author; now: Instant },
): Account {
  const released = releaseParts(account, {
    parts: hold.parts,
    redemptionId: hold.redemptionId,
    author: end.author,
    now: end.now,
  });
  return withRedemption(released, { ...hold, state: end.state });
}

/**
 * Gives the points of several holds back, one after the other. Each adds its entry to an empty journal, and all are put
 * together once: a copy of the journal and of all redemptions for each of thousands would keep a process busy for seconds.
 */
export function releaseHolds(
  account: Account,
  holds: readonly Redemption[],
  end: { state: 'CANCELLED' | 'EXPIRED'; author: Author; now: Instant },
): Account {
  const redemptions = new Map(account.redemptions.map((each) => [each.redemptionId, each]));
  const entries = [...account.entries];
  let rest = account;
  for (const hold of holds) {
    rest = releaseHold({ ...rest, redemptions: [], entries: [] }, hold, end);
    redemptions.delete(hold.redemptionId);
    for (const ended of rest.redemptions) redemptions.set(ended.redemptionId, ended);
    entries.push(...rest.entries);
  }
  return { ...rest, redemptions: [...redemptions.values()], entries };
}

/** Writes that reserved points went back. */
export function releaseParts(
  account: Account,
  release: {
    parts: readonly RedemptionPart[];
    redemptionId: string;
    author: Author;
    now: Instant;
  },
): Account {
  const given = release.parts.map(({ lot, points }): Allocation => ({ ...lot, points }));
  const reserved = given.reduce((sum, { points }) => sum + points, 0n);
  const { changes, allocations } = makeAvailable(account, given);
  return record(account, {
    kind: 'RELEASE',
    changes: { ...changes, reserved: -reserved },
    allocations,
    subject: { redemptionId: release.redemptionId },
    author: release.author,
    now: release.now,
  });
}
