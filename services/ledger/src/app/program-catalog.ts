import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import type { Reward } from '@loyalty/rules/language.ts';

/** A published version of a program's rules, ready to be evaluated. */
export interface RuleSetVersion {
  readonly version: number;
  readonly effectiveTime: Date;
  readonly compiled: CompiledRuleSet;
}

/** What the ledger knows of a program. */
export interface ProgramDefinition {
  readonly programId: string;
  readonly revision: bigint;
  readonly state: 'DRAFT' | 'ACTIVE' | 'SUSPENDED' | 'ARCHIVED';
  /** Whether a first earn makes a user a member. */
  readonly autoEnrollment: boolean;
  readonly timeZone: string;
  /** Per member; 0 is no limit. */
  readonly earnsPerMinute: number;
  readonly redemptionsPerMinute: number;
  /** By effective time. */
  readonly versions: readonly RuleSetVersion[];
  readonly rewards: ReadonlyMap<string, Reward>;
}

/** The ledger's knowledge of programs. */
export interface ProgramCatalog {
  /**
   * Answers from memory wherever it can.
   *
   * @throws {ProgramNotFound} when no such program exists
   * @throws {ProgramsUnavailable} when it isn't known here and the Programs service can't be asked
   */
  get(programId: string): Promise<ProgramDefinition>;
}
