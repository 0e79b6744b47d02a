import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import type { MemberFacts } from '@loyalty/rules/language.ts';
import { LIFETIME, type LimitPeriod, type PeriodStart } from '@loyalty/rules/limit-period.ts';
import { type ExpireTime, inactivityDate } from '@loyalty/rules/point-dates.ts';
import { always, type Instant, never } from '../domain/instant.ts';
import type { Account } from '../domain/journal.ts';
import type { LotKey } from '../domain/lot.ts';
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

/** The lot of points that become available at an instant and expire by a policy. */
export function lotExpiring(availableAt: Instant, expires: ExpireTime): LotKey {
  if (expires === 'INACTIVITY') return { availableAt, expiresAt: never, class: 'INACTIVITY' };
  return {
    availableAt,
    expiresAt: expires === 'NEVER' ? never : expires.getTime(),
    class: 'NORMAL',
  };
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
  const date = new Date(now);
  const ruleSet = ruleSets.findLast(
    ({ effectiveTime, expiry }) =>
      expiry.case === 'inactivity' && effectiveTime !== undefined && effectiveTime <= date,
  );
  return ruleSet && inactivityDate(ruleSet, new Date(from))?.getTime();
}
