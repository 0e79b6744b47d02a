import { makeAvailable } from './available.ts';
import type { Instant } from './instant.ts';
import { type Account, type Cause, record, withRedemption } from './journal.ts';
import type { Allocation } from './lot.ts';
import type { Redemption, RedemptionPart } from './redemption-state.ts';

/** Gives all points of a hold back to their own lots; those that have expired meanwhile go with the next settling. */
export function releaseHold(
  account: Account,
  hold: Redemption,
  end: { state: 'CANCELLED' | 'EXPIRED'; cause: Cause; now: Instant },
): Account {
  const released = releaseParts(account, {
    parts: hold.parts,
    redemptionId: hold.redemptionId,
    cause: end.cause,
    now: end.now,
  });
  return withRedemption(released, { ...hold, state: end.state });
}

/** Writes that reserved points went back. */
export function releaseParts(
  account: Account,
  release: {
    parts: readonly RedemptionPart[];
    redemptionId: string;
    cause: Cause;
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
    cause: release.cause,
    now: release.now,
  });
}
