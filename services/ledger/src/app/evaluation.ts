import {
  type CapPeriod,
  type CompiledRuleSet,
  needsMemberFacts,
} from '@loyalty/rules/compile-rule-set.ts';
import type { Award } from '@loyalty/rules/evaluate.ts';
import { endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import type { MemberFacts } from '@loyalty/rules/language.ts';
import {
  availableTime,
  type ExpireTime,
  expireTime,
  inactivityDate,
} from '@loyalty/rules/point-dates.ts';
import { begunVersions } from '@loyalty/rules/rule-set-in-force.ts';
import type { CapCounts, EarnFacts } from '../domain/earn.ts';
import type { Account } from '../domain/journal.ts';
import type { LotKey } from '../domain/lot.ts';
import { smaller } from '../domain/points.ts';

/** The facts about a member that rules and conditions can use, as of now. */
export function factsOf({ membership }: Account): MemberFacts {
  return {
    userId: membership.userId,
    attributes: membership.attributes,
    joinTime: membership.joinTime,
    lifetimeEarned: membership.lifetimeEarned,
  };
}

/** How much of each cap an award uses up; undefined if none. */
export function capCountsOf({ capUsage }: Award): CapCounts | undefined {
  if (capUsage.length === 0) return undefined;
  return new Map(capUsage.map(({ ruleId, points }) => [ruleId, points]));
}

/** The lot of points that become available at an instant and expire by a policy. */
export function lotExpiring(availableAt: Instant, expires: ExpireTime): LotKey {
  if (expires === 'INACTIVITY') return { availableAt, expiresAt: endOfTime, class: 'INACTIVITY' };
  return { availableAt, expiresAt: expires, class: 'NORMAL' };
}

/**
 * The date to which an activity now moves the points that expire by inactivity: by the newest policy up to now that
 * lets points expire so, since they outlive a change to another policy. Undefined where there never was one.
 *
 * @param from what the policy counts from, if not from now
 */
export function inactivityFrom(
  ruleSets: readonly CompiledRuleSet[],
  now: Instant,
  from: Instant = now,
): Instant | undefined {
  const begun = begunVersions(ruleSets, now);
  const ruleSet = begun.findLast(({ expiry }) => expiry.case === 'inactivity');
  return ruleSet && inactivityDate(ruleSet, from);
}

/**
 * What an evaluation asks about the member, for when it is done again; undefined where the rules ask nothing. `capUsed`
 * is what a cap had counted before.
 */
export function keptFacts(
  ruleSet: CompiledRuleSet,
  asked: {
    readonly facts: MemberFacts;
    readonly caps: readonly CapPeriod[];
    readonly capUsed: (cap: CapPeriod) => bigint;
  },
): EarnFacts | undefined {
  const { caps } = asked;
  const asksMember = needsMemberFacts(ruleSet);
  if (caps.length === 0 && !asksMember) return undefined;
  return {
    attributes: asksMember ? asked.facts.attributes : {},
    joinTime: new Date(asked.facts.joinTime).toISOString(),
    lifetimeEarned: String(asked.facts.lifetimeEarned),
    capUsed: Object.fromEntries(caps.map((cap) => [cap.ruleId, String(asked.capUsed(cap))])),
  };
}

/** How much of each cap an earn still uses up: never more than before, even if a rule is now the best of its group. */
export function capCountsLeft(
  capCounts: CapCounts | undefined,
  award: Award,
): CapCounts | undefined {
  if (capCounts === undefined) return undefined;
  const now = capCountsOf(award);
  return new Map(
    Array.from(capCounts, ([ruleId, counted]) => [
      ruleId,
      smaller(counted, now?.get(ruleId) ?? 0n),
    ]),
  );
}

/** The lot that a purchase's points go to. */
export function creditLot(ruleSet: CompiledRuleSet, occurTime: Instant): LotKey {
  const availableAt = availableTime(ruleSet, occurTime);
  return lotExpiring(availableAt, expireTime(ruleSet, { availableTime: availableAt, occurTime }));
}
