import { type CompiledRuleSet, compileRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { evaluate } from '@loyalty/rules/evaluate.ts';
import type { ExplanationLine } from '@loyalty/rules/explanation.ts';
import { beginningOfTime, endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import type { MemberFacts, Purchase } from '@loyalty/rules/language.ts';
import { LimitExceeded } from '@loyalty/rules/limit-exceeded.ts';
import { availableTime, expireTime, inactivityDate } from '@loyalty/rules/point-dates.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import { validatePurchase } from '@loyalty/rules/validate-purchase.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { ProgramNotFound, RuleSetNotFound } from '../domain/errors.ts';
import type { RuleSetVersion } from '../domain/rule-set.ts';
import type { App } from './app.ts';
import { ruleSetNotFound } from './locked-rule-set.ts';

export interface PreviewEarn {
  readonly programId: string;
  /** A draft, too; 0 is the version that would be in force. */
  readonly version: number;
  readonly purchase: Purchase;
  readonly occurTime: Instant;
  /** What is absent is that of a member who has just joined. */
  readonly member: Partial<MemberFacts>;
  /** The instant of the evaluation; undefined is now. */
  readonly at: Instant | undefined;
}

export interface EarnPreview {
  readonly points: bigint;
  readonly ruleSetVersion: number;
  readonly explanation: readonly ExplanationLine[];
  readonly availableTime: Instant;
  /** The end of time if never. */
  readonly expireTime: Instant;
}

/**
 * Evaluates a sample purchase, as if the member had used nothing of any cap, and writes nothing. The sample may lie
 * in the future, as a campaign does that is being tried out.
 *
 * @throws {ProgramNotFound}
 * @throws {RuleSetNotFound}
 * @throws {ValidationFailed}
 * @throws {LimitExceeded} when the points would be more than a balance can hold
 */
export async function previewEarn(app: App, command: PreviewEarn): Promise<EarnPreview> {
  const { purchase, occurTime } = command;
  requireValidPurchase(purchase);
  const now = app.clock();
  const at = command.at ?? now;
  requireNear({ 'transaction.occur_time': occurTime, at }, now);
  const { version, compiled } = await compiledVersion(app, { ...command, at });
  const award = evaluate(compiled, {
    purchase,
    member: { userId: '', attributes: {}, joinTime: at, lifetimeEarned: 0n, ...command.member },
    now: at,
    capUsed: () => 0n,
  });
  if (award.exceedsLimit) {
    throw new LimitExceeded('The transaction would earn more points than a balance can hold');
  }
  return {
    points: award.points,
    ruleSetVersion: version,
    explanation: award.explanation,
    ...datesOf(compiled, { occurTime, at }),
  };
}

function requireValidPurchase(purchase: Purchase): void {
  const violations = validatePurchase(purchase).map((violation) => ({
    ...violation,
    field: `transaction.${violation.field}`,
  }));
  if (violations.length > 0) throw new ValidationFailed(violations);
}

/** Dates that follow from a nearer one can still be represented: policies add little more than another 110. */
const aheadYearsMax = 100;

function requireNear(instants: Readonly<Record<string, Instant>>, now: Instant): void {
  const latest = new Date(now);
  latest.setUTCFullYear(latest.getUTCFullYear() + aheadYearsMax);
  const violations = Object.entries(instants)
    .filter(([, instant]) => instant > latest.getTime())
    .map(([field]) => ({ field, message: `must be at most ${aheadYearsMax} years ahead` }));
  if (violations.length > 0) throw new ValidationFailed(violations);
}

interface Wanted extends PreviewEarn {
  readonly at: Instant;
}

async function compiledVersion(app: App, wanted: Wanted) {
  const { programId, version, occurTime, at } = wanted;
  const snapshot = await app.store.readSnapshot({ programId, at, known: undefined });
  if (snapshot === undefined) throw new ProgramNotFound(programId);
  const ruleSet =
    version === 0
      ? inForce(snapshot.ruleSets, { programId, occurTime, at })
      : await app.store.findRuleSet({ programId, version });
  if (ruleSet === undefined) throw ruleSetNotFound({ programId, version });
  const timeZone = ruleSet.timeZone ?? snapshot.program.timeZone;
  return {
    version: ruleSet.version,
    compiled: compileRuleSet({ ...ruleSet.definition, timeZone }),
  };
}

function inForce(
  published: readonly RuleSetVersion[],
  { programId, occurTime, at }: { programId: string; occurTime: Instant; at: Instant },
): RuleSetVersion {
  const byTime = published
    .filter(({ withdrawTime }) => withdrawTime === undefined)
    .toSorted((a, b) => (a.effectiveTime ?? 0) - (b.effectiveTime ?? 0));
  const found = ruleSetInForce(byTime, occurTime, at);
  if (found !== undefined) return found;
  throw new RuleSetNotFound(
    `Program ${programId} has no rule set in force at ${new Date(at).toISOString()}; name a version to try`,
    { metadata: { programId } },
  );
}

function datesOf(
  compiled: CompiledRuleSet,
  { occurTime, at }: { occurTime: Instant; at: Instant },
): Pick<EarnPreview, 'availableTime' | 'expireTime'> {
  const matured = availableTime(compiled, occurTime);
  const expires = expireTime(compiled, { availableTime: matured, occurTime });
  return {
    availableTime: matured === beginningOfTime ? at : matured,
    expireTime: expires === 'INACTIVITY' ? (inactivityDate(compiled, at) ?? endOfTime) : expires,
  };
}
