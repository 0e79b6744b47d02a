import { RuleSetNotFound } from '../domain/errors.ts';
import { type RuleSetView, viewRuleSet } from '../domain/rule-set.ts';
import type { LockedProgram } from './program-store.ts';

/**
 * A version of a locked program.
 *
 * @throws {RuleSetNotFound}
 */
export async function lockedRuleSet(locked: LockedProgram, version: number): Promise<RuleSetView> {
  const { program, now } = locked;
  const ruleSet = await locked.findRuleSet(version);
  if (ruleSet === undefined) throw ruleSetNotFound({ programId: program.programId, version });
  return viewRuleSet(ruleSet, { now, activeRuleSetVersion: program.activeRuleSetVersion });
}

export function ruleSetNotFound(key: { programId: string; version: number }): RuleSetNotFound {
  return new RuleSetNotFound(`Program ${key.programId} has no rule set ${key.version}`, {
    metadata: { programId: key.programId, version: String(key.version) },
  });
}
