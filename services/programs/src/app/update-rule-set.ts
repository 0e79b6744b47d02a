import type { Author } from '@loyalty/rules/author.ts';
import type { EtagConditions } from '@loyalty/rules/etag-conditions.ts';
import type { RuleSet } from '@loyalty/rules/language.ts';
import { differences } from '../domain/change.ts';
import { IllegalTransition } from '../domain/errors.ts';
import { requireEtag } from '../domain/etag.ts';
import { requireChangeable } from '../domain/program.ts';
import { type RuleSetView, ruleSetEtag } from '../domain/rule-set.ts';
import type { App } from './app.ts';
import { type AssumedRuleSet, requireAssumed } from './assumed-rule-set.ts';
import { lockedRuleSet } from './locked-rule-set.ts';
import { requireValidDefinition } from './valid-definition.ts';

export interface UpdateRuleSet {
  readonly programId: string;
  readonly version: number;
  /** Makes the new definition out of the present one. */
  readonly edit: (definition: RuleSet) => RuleSet;
  readonly assumed: AssumedRuleSet;
  readonly etags: EtagConditions;
  readonly author: Author;
}

/**
 * Changes a draft. What is the same already changes nothing, not even the revision.
 *
 * @throws {ProgramNotFound}
 * @throws {RuleSetNotFound}
 * @throws {EtagMismatch}
 * @throws {IllegalTransition} for a published version
 * @throws {ProgramNotActive} for an archived program
 * @throws {ValidationFailed}
 */
export async function updateRuleSet(app: App, command: UpdateRuleSet): Promise<RuleSetView> {
  return await app.store.changeProgram(command.programId, async (locked) => {
    const { program, now } = locked;
    const view = await lockedRuleSet(locked, command.version);
    requireEtag(ruleSetEtag(view), command.etags);
    requireChangeable(program);
    if (view.state !== 'DRAFT') {
      throw new IllegalTransition(
        `Version ${command.version} is ${view.state} and never changes; copy it to a new draft`,
        { from: view.state, to: 'DRAFT' },
      );
    }
    requireAssumed(command.assumed, {
      version: command.version,
      programTimeZone: program.timeZone,
    });
    const definition = command.edit(view.ruleSet.definition);
    requireValidDefinition(app, definition);
    const fields = differences(
      app.definitions.ruleSet.toJson(view.ruleSet.definition),
      app.definitions.ruleSet.toJson(definition),
    );
    if (fields.length === 0) return { result: view, change: undefined };
    const revision = program.revision + 1n;
    const ruleSet = { ...view.ruleSet, definition, changedIn: revision, updateTime: now };
    return {
      result: { ruleSet, state: 'DRAFT' },
      change: {
        verb: 'UPDATE_RULE_SET',
        changed: { kind: 'RULE_SET', ruleSet, isNew: false },
        fields,
        revision,
        time: now,
        author: command.author,
      },
    };
  });
}
