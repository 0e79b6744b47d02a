import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import type { Award } from '@loyalty/rules/evaluate.ts';
import type { MemberFacts } from '@loyalty/rules/language.ts';
import { LIFETIME, type LimitPeriod, type PeriodStart } from '@loyalty/rules/limit-period.ts';
import { inactivityDate } from '@loyalty/rules/point-dates.ts';
import type { CapCounts } from '../domain/earn.ts';
import { always, type Instant } from '../domain/instant.ts';
import type { Account } from '../domain/journal.ts';
import type { CapPeriod } from './ledger-store.ts';

/** What rules and conditions may know of a member, as it is now. */
export function factsOf({ membership }: Account): MemberFacts {
  return {
    userId: membership.userId,
    attributes: membership.attributes,
    joinTime: new Date(membership.joinTime),
    lifetimeEarned: membership.lifetimeEarned,
  };
}

/** The period's start in the ledger's terms: a lifetime has always been. */
export function startOf(start: PeriodStart): Instant {
  return start === LIFETIME ? always : start.getTime();
}

export function capPeriod(cap: {
  ruleId: string;
  period: LimitPeriod;
  periodStart: PeriodStart;
}): CapPeriod {
  return { ruleId: cap.ruleId, period: cap.period, start: startOf(cap.periodStart) };
}

/** What an award counts of each cap; undefined where that is nothing. */
export function capCountsOf({ capUsage }: Award): CapCounts | undefined {
  if (capUsage.length === 0) return undefined;
  return Object.fromEntries(capUsage.map(({ ruleId, points }) => [ruleId, points]));
}

/**
 * The date to which an activity now moves the points that expire by inactivity: by the newest policy up to now that
 * lets points expire so, since they outlive a change to another policy. Undefined where there never was one.
 */
export function inactivityFrom(
  ruleSets: readonly CompiledRuleSet[],
  now: Instant,
): Instant | undefined {
  const date = new Date(now);
  const ruleSet = ruleSets.findLast(
    ({ effectiveTime, expiry }) =>
      expiry.case === 'inactivity' && effectiveTime !== undefined && effectiveTime <= date,
  );
  return ruleSet && inactivityDate(ruleSet, date)?.getTime();
}
