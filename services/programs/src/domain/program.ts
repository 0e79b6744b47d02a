import type { Instant } from '@loyalty/rules/instant.ts';
import type { Violation } from '@loyalty/rules/language.ts';
import { timeZoneNamed } from '@loyalty/rules/time-zone-name.ts';
import { IllegalTransition, ProgramNotActive } from './errors.ts';

export type ProgramState = 'DRAFT' | 'ACTIVE' | 'SUSPENDED' | 'ARCHIVED';
export type Enrollment = 'OPEN' | 'AUTO';

/** What an operator decides about a program. */
export interface ProgramSettings {
  readonly displayName: string;
  readonly description: string;
  readonly unit: { readonly singular: string; readonly plural: string };
  /** IANA. */
  readonly timeZone: string;
  readonly enrollment: Enrollment;
  /** Per member; 0 is no limit. */
  readonly limits: { readonly earnsPerMinute: number; readonly redemptionsPerMinute: number };
  readonly metadata: Readonly<Record<string, string>>;
  /** Which dates of a member's points the ledger announces before they come; undefined for none. */
  readonly notices: ProgramNotices | undefined;
}

/** Days before a date; 0 for no notice of it, and at least one of them is more. */
export interface ProgramNotices {
  readonly expiringDays: number;
  readonly maturingDays: number;
}

/** The notices if there are any, so that a program without any always has the same. */
export function programNotices(days: ProgramNotices): ProgramNotices | undefined {
  return days.expiringDays > 0 || days.maturingDays > 0 ? days : undefined;
}

export interface Program extends ProgramSettings {
  readonly programId: string;
  readonly state: ProgramState;
  /** The version in force at the instant of reading; 0 while there is none. */
  readonly activeRuleSetVersion: number;
  /** Grows with every change of the program, its rule sets or rewards. */
  readonly revision: bigint;
  /** The revision in which the program itself last changed. */
  readonly changedIn: bigint;
  readonly createTime: Instant;
  readonly updateTime: Instant;
}

/** The default of each setting. */
export const defaultSettings: ProgramSettings = {
  displayName: '',
  description: '',
  unit: { singular: 'point', plural: 'points' },
  timeZone: 'UTC',
  enrollment: 'OPEN',
  limits: { earnsPerMinute: 0, redemptionsPerMinute: 5 },
  metadata: {},
  notices: undefined,
};

const transitions: Readonly<Record<ProgramState, readonly ProgramState[]>> = {
  DRAFT: ['ACTIVE', 'ARCHIVED'],
  ACTIVE: ['SUSPENDED'],
  SUSPENDED: ['ACTIVE', 'ARCHIVED'],
  ARCHIVED: [],
};

/**
 * Checks that a program may go from one state to another.
 *
 * @throws {IllegalTransition}
 */
export function requireTransition({ from, to }: { from: ProgramState; to: ProgramState }): void {
  if (transitions[from].includes(to)) return;
  const ways = transitions[from].join(' or ');
  throw new IllegalTransition(
    `A program in state ${from} can't become ${to}${ways === '' ? '' : `; it can become ${ways}`}`,
    { from, to },
  );
}

/**
 * Checks that the program, its rule sets and rewards may still change.
 *
 * @throws {ProgramNotActive} for an archived program
 */
export function requireChangeable({ programId, state }: Program): void {
  if (state === 'ARCHIVED') throw new ProgramNotActive({ programId, state });
}

/** An etag that also changes when another rule set comes into force, because readers see that in the program. */
export function programEtag(program: Program): string {
  return `${program.changedIn}-${program.activeRuleSetVersion}`;
}

/** Whether members know about the program. */
export function isVisibleToMembers({ state }: Pick<Program, 'state'>): boolean {
  return state === 'ACTIVE' || state === 'SUSPENDED';
}

/** The program as members see it: metadata is the operators' own. */
export function programForMembers(program: Program): Program {
  return { ...program, metadata: {} };
}

/** What is wrong with settings, with paths below `program`. */
export function settingsViolations(settings: ProgramSettings): Violation[] {
  const violations: Violation[] = [];
  if (settings.displayName === '') {
    violations.push({ field: 'program.display_name', message: 'must be set' });
  }
  if (timeZoneNamed(settings.timeZone) === undefined) {
    violations.push({
      field: 'program.time_zone',
      message: `"${settings.timeZone}" is not a time zone of the IANA database; use a name such as "Europe/Paris"`,
    });
  }
  return violations;
}
