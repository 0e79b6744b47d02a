import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import type { PostedEarn } from './ledger-store.ts';
import type { ProgramDefinition } from './program-catalog.ts';

/** The version that an earn was credited under. Published versions are never deleted. */
export function ruleSetOf(
  { programId, ruleSets, withdrawnRuleSets }: ProgramDefinition,
  { ruleSetVersion }: Pick<PostedEarn, 'ruleSetVersion'>,
): CompiledRuleSet {
  const isIts = ({ version }: CompiledRuleSet) => version === ruleSetVersion;
  const ruleSet = ruleSets.findLast(isIts) ?? withdrawnRuleSets.find(isIts);
  if (ruleSet === undefined) {
    throw new Error(`${programId} has no version ${ruleSetVersion}, which earned before`);
  }
  return ruleSet;
}
