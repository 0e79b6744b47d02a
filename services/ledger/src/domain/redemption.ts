import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { makeAvailable } from './available.ts';
import { bringUpToDate, isPending } from './bring-up-to-date.ts';
import type { Refusal } from './errors.ts';
import { forfeit } from './forfeit.ts';
import { type Account, noChange, record, withMembership, withRedemption } from './journal.ts';
import {
  type Allocation,
  compareConsumption,
  expiryOf,
  inConsumptionOrder,
  type LotKey,
  take,
} from './lot.ts';
import { addPoints, smaller } from './points.ts';
import type { Redemption, RedemptionPart } from './redemption-state.ts';
import { releaseParts } from './release.ts';

/** What a redemption is before anything was decided about it. */
export type RedemptionDraft = Omit<
  Redemption,
  | 'membershipId'
  | 'programId'
  | 'sequence'
  | 'askedQuantity'
  | 'askedPoints'
  | 'reversedPoints'
  | 'state'
  | 'parts'
  | 'createTime'
  | 'holdExpiresAt'
  | 'refusal'
>;

interface Spending {
  /** The new date of the points that expire by inactivity, where there are any: spending is an activity. */
  readonly inactivityExpiresAt: Instant | undefined;
  readonly author: Author;
  readonly now: Instant;
}

/** Spends available points of an account that is up to date at once. There must be enough. */
export function spend(
  account: Account,
  draft: RedemptionDraft,
  { inactivityExpiresAt, author, now }: Spending,
): Account {
  const allocations = takeAvailable(account, draft.points);
  const after = record(account, {
    kind: 'CAPTURE',
    changes: { ...noChange, available: -draft.points },
    allocations,
    subject: { redemptionId: draft.redemptionId },
    inactivityExpiresAt,
    author,
    now,
  });
  const redemption = made(account, draft, { state: 'CAPTURED', parts: partsOf(allocations), now });
  return withRedemption(countRedeemed(after, draft.points), redemption);
}

/** Holds available points of an account that is up to date until the hold ends. There must be enough. */
export function reserve(
  account: Account,
  draft: RedemptionDraft,
  { holdExpiresAt, author, now }: { holdExpiresAt: Instant; author: Author; now: Instant },
): Account {
  const allocations = takeAvailable(account, draft.points);
  const after = record(account, {
    kind: 'RESERVE',
    changes: { ...noChange, available: -draft.points, reserved: draft.points },
    allocations,
    subject: { redemptionId: draft.redemptionId },
    author,
    now,
  });
  const redemption = made(account, draft, { state: 'RESERVED', parts: partsOf(allocations), now });
  return withRedemption(after, { ...redemption, holdExpiresAt });
}

/** Notes a refusal in the journal; no points move, and nothing counts against stock or limits. */
export function refuse(
  account: Account,
  draft: RedemptionDraft,
  { refusal, author, now }: { refusal: Refusal; author: Author; now: Instant },
): Account {
  const after = record(account, {
    kind: 'REJECT',
    changes: noChange,
    allocations: [],
    subject: { redemptionId: draft.redemptionId, reason: refusal.reason },
    author,
    now,
  });
  const redemption = made(account, draft, { state: 'REJECTED', parts: [], now });
  return withRedemption(after, { ...redemption, refusal });
}

/** Spends a hold, or a part of it; the rest goes back to its lots. Points that expire first are spent first. */
export function captureHold(
  account: Account,
  hold: Redemption,
  capture: Spending & { quantity: number; points: bigint; value: Redemption['value'] },
): Account {
  const { author, now } = capture;
  const parts = inSpendingOrder(hold.parts, account);
  const { first: captured, rest } = splitParts(parts, capture.points);
  const { redemptionId } = hold;
  const spent = record(account, {
    kind: 'CAPTURE',
    changes: { ...noChange, reserved: -capture.points },
    allocations: [],
    subject: { redemptionId },
    inactivityExpiresAt: capture.inactivityExpiresAt,
    author,
    now,
  });
  const after =
    rest.length === 0 ? spent : releaseParts(spent, { parts: rest, redemptionId, author, now });
  const redemption: Redemption = {
    ...hold,
    state: 'CAPTURED',
    quantity: capture.quantity,
    points: capture.points,
    value: capture.value,
    parts: captured,
  };
  return bringUpToDate(withRedemption(countRedeemed(after, capture.points), redemption), now);
}

/**
 * Gives spent points back, those that live longest first, to their own lots; what has expired meanwhile expires at
 * once. Under a grace, points whose own date is nearer live until the grace ends, once. What comes back to someone who
 * left gets no grace, and is forfeited.
 */
export function giveBack(
  account: Account,
  redemption: Redemption,
  reversal: {
    points: bigint;
    /** When points that come back live until at least; undefined without a grace. */
    graceEndsAt: Instant | undefined;
    author: Author;
    now: Instant;
  },
): Account {
  const { author, now } = reversal;
  const hasLeft = account.membership.state === 'LEFT';
  const graceEndsAt = hasLeft ? undefined : reversal.graceEndsAt;
  const inOrder = inSpendingOrder(redemption.parts, account);
  const { parts, returned } = returnLast(inOrder, reversal.points);
  const given = returned.map(
    ({ lot, points }): Allocation => ({
      ...withGrace(lot, { account, graceEndsAt }),
      points,
    }),
  );
  const { changes, allocations } = makeAvailable(account, given);
  const after = record(account, {
    kind: 'RETURN',
    changes,
    allocations,
    subject: { redemptionId: redemption.redemptionId },
    author,
    now,
  });
  const reversedPoints = redemption.reversedPoints + reversal.points;
  const reversed: Redemption = {
    ...redemption,
    parts,
    reversedPoints,
    state: reversedPoints === redemption.points ? 'REVERSED' : 'CAPTURED',
  };
  const current = bringUpToDate(
    withRedemption(countRedeemed(after, -reversal.points), reversed),
    now,
  );
  return hasLeft ? forfeit(current, { author, now }) : current;
}

function takeAvailable(account: Account, points: bigint): Allocation[] {
  const spendable = account.lots.filter((lot) => !isPending(lot, account));
  return take(inConsumptionOrder(spendable, account.membership), points);
}

function countRedeemed(account: Account, points: bigint): Account {
  const { lifetimeRedeemed } = account.membership;
  return withMembership(account, { lifetimeRedeemed: addPoints(lifetimeRedeemed, points) });
}

function made(
  { membership }: Account,
  draft: RedemptionDraft,
  { now, ...outcome }: Pick<Redemption, 'state' | 'parts'> & { now: Instant },
): Redemption {
  return {
    ...draft,
    ...outcome,
    membershipId: membership.membershipId,
    programId: membership.programId,
    sequence: membership.lastSequence + 1n,
    askedQuantity: draft.quantity,
    askedPoints: draft.points,
    reversedPoints: 0n,
    createTime: now,
    holdExpiresAt: undefined,
    refusal: undefined,
  };
}

function partsOf(allocations: readonly Allocation[]): RedemptionPart[] {
  return allocations.map(({ points, ...lot }) => ({ lot, points: -points, returned: 0n }));
}

/** As they would be spent now: the date of inactivity has moved since they were taken. */
function inSpendingOrder(
  parts: readonly RedemptionPart[],
  { membership }: Account,
): RedemptionPart[] {
  return parts.toSorted((a, b) => compareConsumption(a.lot, b.lot, membership));
}

/** Splits off the first points. */
function splitParts(
  parts: readonly RedemptionPart[],
  points: bigint,
): { first: RedemptionPart[]; rest: RedemptionPart[] } {
  const first: RedemptionPart[] = [];
  const rest: RedemptionPart[] = [];
  let missing = points;
  for (const part of parts) {
    const taken = smaller(part.points, missing);
    missing -= taken;
    if (taken > 0n) first.push({ ...part, points: taken });
    if (taken < part.points) rest.push({ ...part, points: part.points - taken });
  }
  return { first, rest };
}

/** Marks points as returned, from the last part backwards, and returns them by lot. */
function returnLast(
  parts: readonly RedemptionPart[],
  points: bigint,
): { parts: RedemptionPart[]; returned: RedemptionPart[] } {
  const after = [...parts];
  const returned: RedemptionPart[] = [];
  let missing = points;
  for (let index = after.length - 1; index >= 0 && missing > 0n; index -= 1) {
    const part = after[index] as RedemptionPart;
    const given = smaller(part.points - part.returned, missing);
    if (given === 0n) continue;
    missing -= given;
    after[index] = { ...part, returned: part.returned + given };
    returned.push({ ...part, points: given });
  }
  return { parts: after, returned };
}

function withGrace(
  lot: LotKey,
  { account, graceEndsAt }: { account: Account; graceEndsAt: Instant | undefined },
): LotKey {
  if (graceEndsAt === undefined || lot.class === 'GRACE') return lot;
  return expiryOf(lot, account.membership) >= graceEndsAt
    ? lot
    : { ...lot, expiresAt: graceEndsAt, class: 'GRACE' };
}
