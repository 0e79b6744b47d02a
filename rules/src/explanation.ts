/**
 * What a line of an explanation is about. A rule has one of the first three: MAXIMUM where its own maximum cut it, GROUP
 * where its exclusive group chose another. The others are what limits of a rule or of the rule set take away, and what
 * rounding changes.
 */
export type LineKind =
  | 'RULE'
  | 'MAXIMUM'
  | 'GROUP'
  | 'CAP'
  | 'SET_MAXIMUM'
  | 'SET_CAP'
  | 'ROUNDING';

/** A step in the calculation of an award. */
export interface ExplanationLine {
  readonly kind: LineKind;
  /** Empty for limits of the rule set and for rounding. */
  readonly ruleId: string;
  /** The rule's; empty where there is no rule. */
  readonly displayName: string;
  /** Exact: a decimal such as "-12.5", else a fraction such as "2/3" or "3 1/3". */
  readonly points: string;
  /** How the points were calculated, or why there are none. */
  readonly note: string;
}

/** Begins the note of a rule whose condition failed at run time; then follows why. */
export const CONDITION_FAILED = 'condition failed';

/** The note as members see it: why a condition failed can have parts of the expression and of what a backend sent. */
export function noteForMembers(note: string): string {
  return note.startsWith(`${CONDITION_FAILED}:`) ? CONDITION_FAILED : note;
}

/** Begins the note of a multiplier that changed points, and of no other rule that gave some; then follow its factor and sum. */
export const MULTIPLIES = '×';

/** Whether a line with points is what a multiplier added or took. */
export function isOfMultiplier({ note }: ExplanationLine): boolean {
  return note.startsWith(MULTIPLIES);
}
