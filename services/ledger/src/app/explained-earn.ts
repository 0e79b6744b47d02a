import type { ExplanationLine } from '@loyalty/rules/explanation.ts';
import { ProgramNotFound, ProgramsUnavailable } from '../domain/errors.ts';
import type { PostedEarn } from './ledger-store.ts';
import type { ProgramCatalog, ProgramDefinition } from './program-catalog.ts';
import { findRuleSet } from './rule-set-of.ts';

/** An earn whose explanation carries the rules' display names. */
export type ExplainedEarn = Omit<PostedEarn, 'explanation'> & {
  readonly explanation: readonly ExplanationLine[];
};

/**
 * Adds the display names, which stand once in the version that decided the earn instead of in each earn's row. They are
 * empty where the version isn't known here: a missing name is no reason to refuse a response.
 */
export function explained<E extends PostedEarn>(
  earn: E,
  program: ProgramDefinition | undefined,
): E & ExplainedEarn {
  const names = program && findRuleSet(program, earn)?.displayNames;
  const explanation = earn.explanation.map((line) => ({
    ...line,
    displayName: names?.get(line.ruleId) ?? '',
  }));
  return { ...earn, explanation };
}

/** The program whose names explain earns; undefined where it can't be had. */
export async function explainingProgram(
  catalog: ProgramCatalog,
  programId: string,
): Promise<ProgramDefinition | undefined> {
  try {
    return await catalog.get(programId);
  } catch (error) {
    if (error instanceof ProgramNotFound || error instanceof ProgramsUnavailable) return undefined;
    throw error;
  }
}
