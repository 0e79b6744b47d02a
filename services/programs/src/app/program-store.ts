import type { Instant } from '@loyalty/rules/instant.ts';
import type { Page } from '@loyalty/rules/page.ts';
import type { Change, ChangeRecord } from '../domain/change.ts';
import type { Program, ProgramState } from '../domain/program.ts';
import type { Reward, RewardState } from '../domain/reward.ts';
import type { RuleSetVersion } from '../domain/rule-set.ts';

export interface ProgramQuery {
  /** Only these; undefined means all. */
  readonly programIds: ReadonlySet<string> | undefined;
  readonly states: readonly ProgramState[] | undefined;
  /** Starts behind this id. */
  readonly after: string | undefined;
  readonly limit: number;
  readonly at: Instant;
}

export interface RuleSetQuery {
  readonly programId: string;
  /** Starts below this version. */
  readonly before: number | undefined;
  readonly limit: number;
}

export interface RewardQuery {
  readonly programId: string;
  readonly states: readonly RewardState[] | undefined;
  /** Starts behind this id. */
  readonly after: string | undefined;
  readonly limit: number;
}

export interface ChangeQuery {
  readonly programId: string;
  /** Starts below this revision. */
  readonly before: bigint | undefined;
  readonly limit: number;
}

/** A program's revision. */
export interface ProgramRevision {
  readonly programId: string;
  readonly revision: bigint;
}

export interface RevisionQuery {
  /** Lists nothing unless this is the present epoch. */
  readonly epoch: string;
  /** Starts behind this number. */
  readonly after: bigint;
  /** The most changes to look at; several can be of one program. */
  readonly limit: number;
}

/** Programs in the order of their changes. */
export interface ProgramRevisions {
  /** Names the history in which revisions and change numbers count: another one after the database was restored. */
  readonly epoch: string;
  /** The number of the newest change that was read; if there was none, of the newest change of all. */
  readonly changeNumber: bigint;
  readonly revisions: readonly ProgramRevision[];
}

export interface SnapshotQuery {
  readonly programId: string;
  readonly at: Instant;
  /**
   * Leaves out rule sets and rewards that haven't changed since this revision, if this is the present epoch; undefined
   * leaves nothing out.
   */
  readonly known: { readonly epoch: string; readonly revision: bigint } | undefined;
}

/** A program with everything that the ledger needs, as of one instant. */
export interface ProgramSnapshot {
  readonly epoch: string;
  readonly program: Program;
  /** All that were ever published, withdrawn ones too, by version. */
  readonly ruleSets: readonly RuleSetVersion[];
  /** All, by id. */
  readonly rewards: readonly Reward[];
}

/** A program that no one else can change until the work on it is done. */
export interface LockedProgram {
  /** As of `now`. */
  readonly program: Program;
  /** The instant of the change, read after the lock was granted. */
  readonly now: Instant;
  findRuleSet(version: number): Promise<RuleSetVersion | undefined>;
  /** The highest version number; 0 if there is none. */
  lastRuleSetVersion(): Promise<number>;
  /** Whether any version was published and not withdrawn. */
  hasPublishedRuleSet(): Promise<boolean>;
  findReward(rewardId: string): Promise<Reward | undefined>;
  countRewards(): Promise<number>;
  /** What the definitions in the program's snapshot take as JSON, in bytes. */
  snapshotBytes(): Promise<number>;
}

/** What a use case wants stored, if anything, and what it returns. */
export interface Decision<Result> {
  readonly result: Result;
  readonly change: Change | undefined;
}

/** The storage of programs. All methods throw STORAGE_UNAVAILABLE while the database is down. */
export interface ProgramStore {
  /** Reads a program, with the rule set version in force at `at`. */
  findProgram(programId: string, at: Instant): Promise<Program | undefined>;
  /** Ordered by id. */
  listPrograms(query: ProgramQuery): Promise<Page<Program>>;
  listRevisions(query: RevisionQuery): Promise<ProgramRevisions>;
  findRuleSet(key: { programId: string; version: number }): Promise<RuleSetVersion | undefined>;
  /** The newest version first. */
  listRuleSets(query: RuleSetQuery): Promise<Page<RuleSetVersion>>;
  findReward(key: { programId: string; rewardId: string }): Promise<Reward | undefined>;
  /** Ordered by id. */
  listRewards(query: RewardQuery): Promise<Page<Reward>>;
  /** The newest first. */
  listChanges(query: ChangeQuery): Promise<Page<ChangeRecord>>;
  /** All of a program, or what has changed, in one consistent reading. */
  readSnapshot(query: SnapshotQuery): Promise<ProgramSnapshot | undefined>;
  /**
   * Stores a new program with its line of the audit and its event.
   *
   * @throws {AlreadyExists}
   */
  createProgram(change: Change): Promise<void>;
  /**
   * Locks a program, lets `decide` look at it, and stores the change with its line of the audit and its event.
   * Errors of `decide` leave everything as it was.
   *
   * @throws {ProgramNotFound}
   * @throws {Contention} when others kept the lock too long
   */
  changeProgram<Result>(
    programId: string,
    decide: (locked: LockedProgram) => Promise<Decision<Result>>,
  ): Promise<Result>;
}
