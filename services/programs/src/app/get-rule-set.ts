import { ProgramNotFound } from '../domain/errors.ts';
import { type RuleSetView, viewRuleSet } from '../domain/rule-set.ts';
import type { App } from './app.ts';
import { ruleSetNotFound } from './locked-rule-set.ts';

export interface GetRuleSet {
  readonly programId: string;
  readonly version: number;
}

/**
 * A version, whatever its state.
 *
 * @throws {ProgramNotFound}
 * @throws {RuleSetNotFound}
 */
export async function getRuleSet(app: App, key: GetRuleSet): Promise<RuleSetView> {
  const now = app.clock();
  // The version is read before the program says which one is in force: the other way round, one that was
  // published in between would look superseded.
  const ruleSet = await app.store.findRuleSet(key);
  const program = await app.store.findProgram(key.programId, now);
  if (program === undefined) throw new ProgramNotFound(key.programId);
  if (ruleSet === undefined) throw ruleSetNotFound(key);
  return viewRuleSet(ruleSet, { now, activeRuleSetVersion: program.activeRuleSetVersion });
}
