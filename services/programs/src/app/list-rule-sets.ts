import type { Page } from '@loyalty/rules/page.ts';
import { ProgramNotFound } from '../domain/errors.ts';
import { type RuleSetView, viewRuleSet } from '../domain/rule-set.ts';
import type { App } from './app.ts';
import type { RuleSetQuery } from './program-store.ts';

/**
 * A program's versions, the newest first.
 *
 * @throws {ProgramNotFound}
 */
export async function listRuleSets(app: App, query: RuleSetQuery): Promise<Page<RuleSetView>> {
  const now = app.clock();
  // In this order for the same reason as in getRuleSet.
  const { items, hasMore } = await app.store.listRuleSets(query);
  const program = await app.store.findProgram(query.programId, now);
  if (program === undefined) throw new ProgramNotFound(query.programId);
  const { activeRuleSetVersion } = program;
  return {
    items: items.map((ruleSet) => viewRuleSet(ruleSet, { now, activeRuleSetVersion })),
    hasMore,
  };
}
