import type { RuleSet } from '@loyalty/rules/language.ts';
import { type Author, differences } from '../domain/change.ts';
import { LimitExceeded } from '../domain/errors.ts';
import { requireChangeable } from '../domain/program.ts';
import {
  type RuleSetVersion,
  type RuleSetView,
  ruleSetsPerProgramMax,
} from '../domain/rule-set.ts';
import type { App } from './app.ts';
import { type AssumedRuleSet, requireAssumed } from './assumed-rule-set.ts';
import { requireValidDefinition } from './valid-definition.ts';

export interface CreateRuleSet {
  readonly programId: string;
  readonly definition: RuleSet;
  readonly assumed: AssumedRuleSet;
  readonly author: Author;
}

/**
 * Creates a draft with the next version number.
 *
 * @throws {ProgramNotFound}
 * @throws {ProgramNotActive} for an archived program
 * @throws {ValidationFailed}
 * @throws {LimitExceeded}
 */
export async function createRuleSet(app: App, command: CreateRuleSet): Promise<RuleSetView> {
  const { programId, definition, author } = command;
  requireValidDefinition(app, definition);
  return await app.store.changeProgram(programId, async (locked) => {
    const { program, now } = locked;
    requireChangeable(program);
    const version = (await locked.lastRuleSetVersion()) + 1;
    if (version > ruleSetsPerProgramMax) {
      throw new LimitExceeded(`A program can have at most ${ruleSetsPerProgramMax} rule sets`, {
        limit: String(ruleSetsPerProgramMax),
      });
    }
    requireAssumed(command.assumed, { version, programTimeZone: program.timeZone });
    const revision = program.revision + 1n;
    const ruleSet: RuleSetVersion = {
      programId,
      version,
      definition,
      timeZone: undefined,
      effectiveTime: undefined,
      publishTime: undefined,
      withdrawTime: undefined,
      changedIn: revision,
      createTime: now,
      updateTime: now,
    };
    return {
      answer: { ruleSet, state: 'DRAFT' },
      change: {
        verb: 'CREATE_RULE_SET',
        changed: { kind: 'RULE_SET', ruleSet, isNew: true },
        fields: differences(undefined, app.definitions.ruleSet.toJson(definition)),
        revision,
        time: now,
        author,
      },
    };
  });
}
