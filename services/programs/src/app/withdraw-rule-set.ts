import type { Author } from '@loyalty/rules/author.ts';
import { differences } from '../domain/change.ts';
import { requireChangeable } from '../domain/program.ts';
import { type RuleSetView, requireWithdrawable } from '../domain/rule-set.ts';
import type { App } from './app.ts';
import { lockedRuleSet } from './locked-rule-set.ts';

export interface WithdrawRuleSet {
  readonly programId: string;
  readonly version: number;
  readonly author: Author;
}

/**
 * Withdraws a scheduled version; one that is withdrawn already is returned unchanged.
 *
 * @throws {ProgramNotFound}
 * @throws {RuleSetNotFound}
 * @throws {IllegalTransition}
 * @throws {ProgramNotActive} for an archived program
 */
export async function withdrawRuleSet(app: App, command: WithdrawRuleSet): Promise<RuleSetView> {
  return await app.store.changeProgram(command.programId, async (locked) => {
    const { program, now } = locked;
    const view = await lockedRuleSet(locked, command.version);
    if (view.state === 'WITHDRAWN') return { result: view, change: undefined };
    requireWithdrawable(view, now);
    requireChangeable(program);
    const revision = program.revision + 1n;
    const ruleSet = {
      ...view.ruleSet,
      withdrawTime: now,
      changedIn: revision,
      updateTime: now,
    };
    return {
      result: { ruleSet, state: 'WITHDRAWN' },
      change: {
        verb: 'WITHDRAW_RULE_SET',
        changed: { kind: 'RULE_SET', ruleSet, isNew: false },
        fields: differences({ state: view.state }, { state: 'WITHDRAWN' }),
        revision,
        time: now,
        author: command.author,
      },
    };
  });
}
