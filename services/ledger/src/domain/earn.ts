import type { Author } from '@loyalty/rules/author.ts';
import type { ExplanationLine } from '@loyalty/rules/explanation.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { credit } from './available.ts';
import { bringUpToDate } from './bring-up-to-date.ts';
import { type Account, record } from './journal.ts';
import type { LotKey } from './lot.ts';
import { addPoints } from './points.ts';

/** POSTED until all of it has been refunded. */
export type EarnState = 'POSTED' | 'REVERSED';

/** What the rules asked about the member, so that they can be evaluated again. JSON. */
export interface EarnFacts {
  readonly attributes: Readonly<Record<string, string>>;
  readonly joinTime: string;
  readonly lifetimeEarned: string;
  /** What each cap had counted in its period before, by rule id; the rule set's own under the empty one. */
  readonly capUsed: Readonly<Record<string, string>>;
}

/** A step in the calculation of an earn's points. The display name is in the rule set that decided it. */
export type EarnLine = Omit<ExplanationLine, 'displayName'>;

/** Points that an earn counts of caps, by rule id; of the rule set's own under the empty one. */
export type CapCounts = ReadonlyMap<string, bigint>;

/** The one credit of a purchase. `Content` is the purchase as it was sent. */
export interface Earn<Content> {
  readonly programId: string;
  readonly transactionId: string;
  readonly membershipId: bigint;
  readonly state: EarnState;
  /** The number of the entry that credited it. */
  readonly sequence: bigint;
  readonly fingerprint: Uint8Array;
  readonly ruleSetVersion: number;
  /** The number of the rule engine that decided it. */
  readonly semantics: number;
  /** Undefined where the rules asked nothing about the member. */
  readonly facts: EarnFacts | undefined;
  readonly points: bigint;
  readonly reversedPoints: bigint;
  /** Less after refunds; undefined where it counted nothing. */
  readonly capCounts: CapCounts | undefined;
  readonly explanation: readonly EarnLine[];
  /** The lot that the points went to. */
  readonly lot: LotKey;
  readonly postTime: Instant;
  readonly purchase: Content;
}

/**
 * Credits points to an account that is up to date. What can be spent at once pays the deficit first; points that come to the
 * ledger after their own expiry are credited and expire in the next entry.
 *
 * @throws {LimitExceeded} when a balance would pass what can be represented
 */
export function postEarn(
  account: Account,
  earn: {
    points: bigint;
    lot: LotKey;
    /** The new date of the points that expire by inactivity, where there are any. */
    inactivityExpiresAt: Instant | undefined;
    transactionId: string;
    author: Author;
    now: Instant;
  },
): Account {
  const after = record(account, {
    kind: 'EARN',
    ...credit(account, earn),
    subject: { transactionId: earn.transactionId },
    lifetimeEarned: addPoints(account.membership.lifetimeEarned, earn.points),
    inactivityExpiresAt: earn.inactivityExpiresAt,
    author: earn.author,
    now: earn.now,
  });
  return bringUpToDate(after, earn.now);
}
