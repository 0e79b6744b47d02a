import { ProgramNotFound } from '../domain/errors.ts';
import type { Program } from '../domain/program.ts';
import type { Reward } from '../domain/reward.ts';
import { type RuleSetView, viewRuleSet } from '../domain/rule-set.ts';
import type { App } from './app.ts';

export interface GetProgramSnapshot {
  readonly programId: string;
  /** What hasn't changed since this revision is left out, if this is the present epoch; 0 leaves nothing out. */
  readonly known: { readonly epoch: string; readonly revision: bigint };
}

export interface ProgramSnapshotView {
  readonly epoch: string;
  readonly program: Program;
  readonly ruleSets: readonly RuleSetView[];
  readonly rewards: readonly Reward[];
}

/**
 * Everything that counts in a program, or what of it the caller doesn't have yet, in one consistent reading. Withdrawn
 * versions are part of it: where the ledger heard of the withdrawal too late they have earned, and are needed for
 * refunds.
 *
 * @throws {ProgramNotFound}
 */
export async function getProgramSnapshot(
  app: App,
  { programId, known }: GetProgramSnapshot,
): Promise<ProgramSnapshotView> {
  const now = app.clock();
  const snapshot = await app.store.readSnapshot({ programId, at: now, known });
  if (snapshot === undefined) throw new ProgramNotFound(programId);
  const { epoch, program, ruleSets, rewards } = snapshot;
  const inForce = { now, activeRuleSetVersion: program.activeRuleSetVersion };
  return {
    epoch,
    program,
    ruleSets: ruleSets.map((ruleSet) => viewRuleSet(ruleSet, inForce)),
    rewards,
  };
}
