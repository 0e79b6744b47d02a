import type { CapPeriod, CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { type Award, evaluate } from '@loyalty/rules/evaluate.ts';
import type { MemberFacts } from '@loyalty/rules/language.ts';
import type { Remaining } from '@loyalty/rules/remaining-purchase.ts';
import type { PostedEarn } from '../app/ledger-store.ts';
import type { ProgramDefinition } from '../app/program-catalog.ts';
import type { CapCounts } from '../domain/earn.ts';
import type { Comparison } from './comparison.ts';
import { earnSubject, type ReplayedMember } from './history.ts';
import type { CapsReplay } from './replay-caps.ts';

/** What the earns and refunds of a member are derived with. */
export interface Replay {
  readonly member: ReplayedMember;
  readonly program: ProgramDefinition;
  /** The number of the engine that derives. */
  readonly semantics: number;
  readonly caps: CapsReplay;
  readonly comparison: Comparison;
}

/** An earn as it stands after some of its refunds. */
export interface StandingEarn {
  readonly earn: PostedEarn;
  readonly ruleSet: CompiledRuleSet;
  readonly caps: readonly CapPeriod[];
  /** The engine's number, where it is an earlier one. */
  readonly decidedBy: number | undefined;
  /** What the rules knew of the member. */
  readonly facts: MemberFacts;
  readonly capUsed: ReadonlyMap<string, bigint>;
  readonly remaining: Remaining;
  readonly points: bigint;
  readonly capCounts: CapCounts | undefined;
  /** How many refunds are applied. */
  readonly arrival: number;
}

/** What a purchase, or what refunds left of it, is worth by the rules and the facts that decided its earn. */
export function awardOf(
  { earn, ruleSet, facts, capUsed }: Pick<StandingEarn, 'earn' | 'ruleSet' | 'facts' | 'capUsed'>,
  remaining?: Remaining,
): Award {
  return evaluate(ruleSet, {
    purchase: earn.purchase,
    member: facts,
    now: earn.postTime,
    capUsed: (ruleId) => capUsed.get(ruleId) ?? 0n,
    ...(remaining !== undefined && { remaining }),
  });
}

/** Compares what the earn says of its refunds, once all of them were taken. */
export function compareStanding(
  comparison: Comparison,
  { earn, remaining, points, capCounts, decidedBy }: StandingEarn,
): void {
  comparison.compare(
    earnSubject(earn.transactionId),
    {
      'points left': [earn.points - earn.reversedPoints, points],
      state: [earn.state, remaining.fullyReturned ? 'REVERSED' : 'POSTED'],
      'cap counts': [earn.capCounts, capCounts],
    },
    decidedBy,
  );
}
