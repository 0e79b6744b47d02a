import type { Author } from '@loyalty/rules/author.ts';
import { RuleSetNotFound } from '../domain/errors.ts';
import type { Program } from '../domain/program.ts';
import type { App } from './app.ts';
import { moveProgram } from './move-program.ts';

export interface ActivateProgram {
  readonly programId: string;
  readonly author: Author;
}

/**
 * Activates a DRAFT or SUSPENDED program; an ACTIVE one is returned unchanged.
 *
 * @throws {ProgramNotFound}
 * @throws {RuleSetNotFound} when no rule set is in force
 * @throws {IllegalTransition}
 */
export async function activateProgram(app: App, command: ActivateProgram): Promise<Program> {
  return await moveProgram(app, {
    ...command,
    to: 'ACTIVE',
    verb: 'ACTIVATE_PROGRAM',
    check: requireRuleSetInForce,
  });
}

function requireRuleSetInForce({ programId, activeRuleSetVersion }: Program): void {
  if (activeRuleSetVersion > 0) return;
  throw new RuleSetNotFound(`Program ${programId} has no rule set in force; publish one first`, {
    metadata: { programId },
  });
}
