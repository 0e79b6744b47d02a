import type { Program } from './program.ts';
import type { Reward } from './reward.ts';
import type { RuleSetVersion } from './rule-set.ts';

/** Who makes a change, and in which call. */
export interface Author {
  /** Role and token subject, such as `admin:jane`. */
  readonly actor: string;
  readonly requestId: string;
}

/** What happened, named after the method that did it. */
export type ChangeVerb =
  | 'CREATE_PROGRAM'
  | 'UPDATE_PROGRAM'
  | 'ACTIVATE_PROGRAM'
  | 'SUSPEND_PROGRAM'
  | 'ARCHIVE_PROGRAM'
  | 'CREATE_RULE_SET'
  | 'UPDATE_RULE_SET'
  | 'PUBLISH_RULE_SET'
  | 'WITHDRAW_RULE_SET'
  | 'CREATE_REWARD'
  | 'UPDATE_REWARD';

/** One field before and after, as JSON; an empty text where there was or is no value. */
export interface FieldChange {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** A line of the audit. */
export interface ChangeRecord extends Author {
  readonly programId: string;
  /** The program's revision after the change. */
  readonly revision: bigint;
  readonly verb: ChangeVerb;
  readonly ruleSetVersion: number | undefined;
  readonly rewardId: string | undefined;
  readonly fields: readonly FieldChange[];
  readonly time: Date;
}

/** What a change leaves behind: one object as it is from now on. */
export type Changed =
  | { readonly kind: 'PROGRAM'; readonly program: Program }
  | { readonly kind: 'RULE_SET'; readonly ruleSet: RuleSetVersion; readonly isNew: boolean }
  | { readonly kind: 'REWARD'; readonly reward: Reward; readonly isNew: boolean };

/** A change to be stored: the object, the line of the audit and the event all come from it. */
export interface Change {
  readonly verb: ChangeVerb;
  readonly changed: Changed;
  readonly fields: readonly FieldChange[];
  readonly revision: bigint;
  readonly time: Date;
  readonly author: Author;
}

/** Values longer than this are cut in the audit; the objects themselves are kept whole. */
const valueLengthMax = 2_000;

/**
 * The fields in which two records differ, in the order of their names.
 *
 * @param before undefined for a new object
 */
export function differences(
  before: Readonly<Record<string, unknown>> | undefined,
  after: Readonly<Record<string, unknown>>,
): FieldChange[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after)])].toSorted();
  return fields
    .map((field) => ({ field, before: text(before?.[field]), after: text(after[field]) }))
    .filter((change) => change.before !== change.after)
    .map(({ field, before: old, after: now }) => ({ field, before: cut(old), after: cut(now) }));
}

function text(value: unknown): string {
  if (value === undefined) return '';
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? Number(part) : sortedKeys(part),
  );
}

// Key order is no difference: a map read back from the database has another one.
function sortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function cut(value: string): string {
  if (value.length <= valueLengthMax) return value;
  // Half of a surrogate pair at the cut could not be stored.
  return `${value.slice(0, valueLengthMax - 1).toWellFormed()}…`;
}
