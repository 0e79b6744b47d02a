import type { Author } from '@loyalty/rules/author.ts';
import type { RuleSet } from '@loyalty/rules/language.ts';
import { requireChangeable } from '../domain/program.ts';
import type { RuleSetView } from '../domain/rule-set.ts';
import type { App } from './app.ts';
import { type AssumedRuleSet, requireAssumed } from './assumed-rule-set.ts';
import { newDraft, nextVersion } from './new-draft.ts';
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
    const { program } = locked;
    requireChangeable(program);
    const version = await nextVersion(locked);
    requireAssumed(command.assumed, { version, programTimeZone: program.timeZone });
    return newDraft(app, locked, { version, definition, author });
  });
}
