import type { Author } from '@loyalty/rules/author.ts';
import { requireChangeable } from '../domain/program.ts';
import type { RuleSetView } from '../domain/rule-set.ts';
import type { App } from './app.ts';
import { lockedRuleSet } from './locked-rule-set.ts';
import { newDraft, nextVersion } from './new-draft.ts';

export interface CopyRuleSet {
  readonly programId: string;
  /** The version to copy. */
  readonly version: number;
  readonly author: Author;
}

/**
 * Creates a draft with the next version number and the definition of another version. A definition from an older release
 * with other limits can be copied, so that it can be corrected; publishing checks it.
 *
 * @throws {ProgramNotFound}
 * @throws {RuleSetNotFound}
 * @throws {ProgramNotActive} for an archived program
 * @throws {LimitExceeded}
 */
export async function copyRuleSet(app: App, command: CopyRuleSet): Promise<RuleSetView> {
  const { programId, author } = command;
  return await app.store.changeProgram(programId, async (locked) => {
    const { definition, version: copiedFromVersion } = (
      await lockedRuleSet(locked, command.version)
    ).ruleSet;
    requireChangeable(locked.program);
    const version = await nextVersion(locked);
    return newDraft(app, locked, { version, definition, copiedFromVersion, author });
  });
}
