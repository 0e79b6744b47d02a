import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { ProgramsUnavailable } from '../domain/errors.ts';
import type { PostedEarn } from './ledger-store.ts';
import type { ProgramDefinition } from './program-catalog.ts';

/**
 * The version that an earn was credited under. Published versions are never deleted, so that it is missing only where
 * this process hasn't heard of it yet.
 */
export function findRuleSet(
  { ruleSets, withdrawnRuleSets }: ProgramDefinition,
  { ruleSetVersion }: Pick<PostedEarn, 'ruleSetVersion'>,
): CompiledRuleSet | undefined {
  const isIts = ({ version }: CompiledRuleSet) => version === ruleSetVersion;
  return ruleSets.findLast(isIts) ?? withdrawnRuleSets.find(isIts);
}

/**
 * The version that an earn was credited under, for decisions.
 *
 * @throws {ProgramsUnavailable} when this process hasn't heard of the version yet
 */
export function ruleSetOf(program: ProgramDefinition, earn: PostedEarn): CompiledRuleSet {
  const ruleSet = findRuleSet(program, earn);
  if (ruleSet === undefined) throw new ProgramsUnavailable(program.programId, undefined);
  return ruleSet;
}
