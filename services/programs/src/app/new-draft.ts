import type { Author } from '@loyalty/rules/author.ts';
import type { RuleSet } from '@loyalty/rules/language.ts';
import { LimitExceeded } from '@loyalty/rules/limit-exceeded.ts';
import { type Change, differences } from '../domain/change.ts';
import {
  type RuleSetVersion,
  type RuleSetView,
  ruleSetsPerProgramMax,
} from '../domain/rule-set.ts';
import type { App } from './app.ts';
import type { LockedProgram } from './program-store.ts';

/**
 * The number of a locked program's next version.
 *
 * @throws {LimitExceeded}
 */
export async function nextVersion(locked: LockedProgram): Promise<number> {
  const version = (await locked.lastRuleSetVersion()) + 1;
  if (version > ruleSetsPerProgramMax) {
    throw new LimitExceeded(`A program can have at most ${ruleSetsPerProgramMax} rule sets`, {
      metadata: { limit: String(ruleSetsPerProgramMax) },
    });
  }
  return version;
}

export interface NewDraft {
  readonly version: number;
  readonly definition: RuleSet;
  /** The version that the definition is copied from, if it is. */
  readonly copiedFromVersion?: number;
  readonly author: Author;
}

/** The draft, and the change that stores it. */
export function newDraft(
  { definitions }: App,
  { program, now }: LockedProgram,
  { version, definition, copiedFromVersion, author }: NewDraft,
): { result: RuleSetView; change: Change } {
  const revision = program.revision + 1n;
  const ruleSet: RuleSetVersion = {
    programId: program.programId,
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
    result: { ruleSet, state: 'DRAFT' },
    change: {
      verb: copiedFromVersion === undefined ? 'CREATE_RULE_SET' : 'COPY_RULE_SET',
      copiedFromVersion,
      changed: { kind: 'RULE_SET', ruleSet, isNew: true },
      fields: differences(undefined, definitions.ruleSet.toJson(definition)),
      revision,
      time: now,
      author,
    },
  };
}
