import type { Instant } from '@loyalty/rules/instant.ts';
import type { RuleSet } from '@loyalty/rules/language.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { IllegalTransition } from './errors.ts';

export type RuleSetState = 'DRAFT' | 'SCHEDULED' | 'ACTIVE' | 'SUPERSEDED' | 'WITHDRAWN';

/** A numbered version. What the operator wrote is in `definition`; the rest of that message is ignored. */
export interface RuleSetVersion {
  readonly programId: string;
  readonly version: number;
  readonly definition: RuleSet;
  /** The program's at publication; undefined for a draft. */
  readonly timeZone: string | undefined;
  readonly effectiveTime: Instant | undefined;
  readonly publishTime: Instant | undefined;
  readonly withdrawTime: Instant | undefined;
  /** The program's revision in which the version last changed. */
  readonly changedIn: bigint;
  readonly createTime: Instant;
  readonly updateTime: Instant;
}

/** An instant, and the version in force then (0: none). */
export interface InForce {
  readonly now: Instant;
  readonly activeRuleSetVersion: number;
}

/**
 * How long before it counts a version, or its withdrawal, must be known. Every replica of the ledger hears of it
 * well within this time.
 */
export const leadTimeMs = 2_000;

/** The most that a definition may take as JSON, in bytes. */
export const definitionBytesMax = 128 * 1024;

/** The most versions that a program can have. */
export const ruleSetsPerProgramMax = 1_000;

/** A version as it is at the instant of reading. */
export interface RuleSetView {
  readonly ruleSet: RuleSetVersion;
  readonly state: RuleSetState;
}

export function viewRuleSet(ruleSet: RuleSetVersion, inForce: InForce): RuleSetView {
  return { ruleSet, state: ruleSetState(ruleSet, inForce) };
}

function ruleSetState(ruleSet: RuleSetVersion, inForce: InForce): RuleSetState {
  if (ruleSet.effectiveTime === undefined) return 'DRAFT';
  if (ruleSet.withdrawTime !== undefined) return 'WITHDRAWN';
  if (ruleSet.effectiveTime > inForce.now) return 'SCHEDULED';
  return ruleSet.version === inForce.activeRuleSetVersion ? 'ACTIVE' : 'SUPERSEDED';
}

/** An etag that also changes when the clock changes the state. */
export function ruleSetEtag({ ruleSet, state }: RuleSetView): string {
  return `${ruleSet.changedIn}-${state}`;
}

export interface Publication {
  readonly requested: Instant | undefined;
  /** When it was requested. */
  readonly now: Instant;
  /** When all that can refuse it has been checked. */
  readonly publishTime: Instant;
  /** Whether no other version was ever published and not withdrawn. */
  readonly isFirst: boolean;
}

/**
 * From when on a version counts. The first one may do so at once. A later one always leaves every replica the
 * lead time: a requested time within it is put off to its end.
 *
 * @throws {ValidationFailed} for a time in the past
 */
export function effectiveTimeOf({ requested, now, publishTime, isFirst }: Publication): Instant {
  if (requested !== undefined && requested < now) {
    throw new ValidationFailed([
      {
        field: 'effective_time',
        message: 'must not be in the past; leave it out for the earliest possible time',
      },
    ]);
  }
  const earliest = publishTime + (isFirst ? 0 : leadTimeMs);
  return Math.max(earliest, requested ?? earliest);
}

/** Whether a version has the effective time that it has, perhaps put off, because this one was requested. */
export function leadsTo(
  requested: Instant,
  { publishTime, effectiveTime }: Pick<RuleSetVersion, 'publishTime' | 'effectiveTime'>,
): boolean {
  if (publishTime === undefined || effectiveTime === undefined) return false;
  const putOffMs = effectiveTime - publishTime;
  const isEarliest = putOffMs === 0 || putOffMs === leadTimeMs;
  return isEarliest ? requested <= effectiveTime : requested === effectiveTime;
}

/**
 * Checks that a version can still be taken back: it is scheduled, and far enough from counting that no replica
 * can earn with it any more.
 *
 * @throws {IllegalTransition}
 */
export function requireWithdrawable({ ruleSet, state: from }: RuleSetView, now: Instant): void {
  const transition = { from, to: 'WITHDRAWN' };
  if (from !== 'SCHEDULED' || ruleSet.effectiveTime === undefined) {
    throw new IllegalTransition(
      `Version ${ruleSet.version} is ${from}; only a SCHEDULED one can be withdrawn`,
      transition,
    );
  }
  if (ruleSet.effectiveTime - now < leadTimeMs) {
    throw new IllegalTransition(
      `Version ${ruleSet.version} comes into force in less than ${leadTimeMs / 1000} seconds; publish another one to replace it`,
      transition,
    );
  }
}
