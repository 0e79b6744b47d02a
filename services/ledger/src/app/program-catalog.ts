import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import type { CompiledReward } from '@loyalty/rules/reward-availability.ts';
import type { ZoneClock } from '@loyalty/rules/zone-clock.ts';
import type { NoticeDays } from '../domain/notices.ts';

/** What the ledger knows about a program. */
export interface ProgramDefinition {
  readonly programId: string;
  readonly revision: bigint;
  readonly state: 'DRAFT' | 'ACTIVE' | 'SUSPENDED' | 'ARCHIVED';
  /** Whether a first earn makes a user a member. */
  readonly autoEnrollment: boolean;
  /** The days and months of the program's time zone. */
  readonly clock: ZoneClock;
  /** The maximum per member; 0 is no limit. */
  readonly earnsPerMinute: number;
  readonly redemptionsPerMinute: number;
  /** The name of a point, such as "miles". */
  readonly unit: { readonly singular: string; readonly plural: string };
  /** How many days before dates of points members get a notice. */
  readonly notices: NoticeDays;
  /** Published versions in the order of their effective times, without withdrawn ones. */
  readonly ruleSets: readonly CompiledRuleSet[];
  /** Never counted, unless their withdrawal came late: then purchases have earned under them. */
  readonly withdrawnRuleSets: readonly CompiledRuleSet[];
  readonly rewards: ReadonlyMap<string, CompiledReward>;
}

/** The ledger's knowledge of programs. */
export interface ProgramCatalog {
  /**
   * Reads from memory if possible.
   *
   * @throws {ProgramNotFound} when no such program exists
   * @throws {ProgramsUnavailable} when it isn't known here and the Programs service can't be asked
   */
  get(programId: string): Promise<ProgramDefinition>;
  /**
   * Returns the Programs service's current definition, for rare commands that must not miss that a program was archived
   * a moment ago; frequent ones (earn, join, redeem, capture, cancel) use {@link get}. While that service is down, the
   * definition known here counts.
   *
   * @throws {ProgramNotFound} {@link ProgramsUnavailable} as {@link get} does
   */
  getLatest(programId: string): Promise<ProgramDefinition>;
}
