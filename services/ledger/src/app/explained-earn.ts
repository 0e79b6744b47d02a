import type { ExplanationLine } from '@loyalty/rules/explanation.ts';
import type { PostedEarn } from './ledger-store.ts';
import type { ProgramDefinition } from './program-catalog.ts';
import { ruleSetOf } from './rule-set-of.ts';

/** An earn whose explanation carries the rules' display names. */
export type ExplainedEarn = Omit<PostedEarn, 'explanation'> & {
  readonly explanation: readonly ExplanationLine[];
};

/** Adds the display names, which stand once in the version that decided the earn instead of in each earn's row. */
export function explained<E extends PostedEarn>(
  earn: E,
  program: ProgramDefinition,
): E & ExplainedEarn {
  const { displayNames } = ruleSetOf(program, earn);
  const explanation = earn.explanation.map((line) => ({
    ...line,
    displayName: displayNames.get(line.ruleId) ?? '',
  }));
  return { ...earn, explanation };
}
