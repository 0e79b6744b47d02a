import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Program } from './program.ts';
import type { Reward } from './reward.ts';
import type { RuleSetVersion } from './rule-set.ts';

/** What happened, named after the method that did it. */
export type ChangeVerb =
  | 'CREATE_PROGRAM'
  | 'UPDATE_PROGRAM'
  | 'ACTIVATE_PROGRAM'
  | 'SUSPEND_PROGRAM'
  | 'ARCHIVE_PROGRAM'
  | 'CREATE_RULE_SET'
  | 'COPY_RULE_SET'
  | 'UPDATE_RULE_SET'
  | 'PUBLISH_RULE_SET'
  | 'WITHDRAW_RULE_SET'
  | 'CREATE_REWARD'
  | 'UPDATE_REWARD';

/**
 * One field before and after, as JSON; an empty text where there was or is no value. Each earn rule is a field of its
 * own, `earnRules[base]`; `earnRules` is their order.
 */
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
  /** The version that a copied rule set has its rules from. */
  readonly copiedFromVersion: number | undefined;
  readonly fields: readonly FieldChange[];
  readonly time: Instant;
}

/** The result of a change: the object in its new state. */
export type Changed =
  | { readonly kind: 'PROGRAM'; readonly program: Program }
  | { readonly kind: 'RULE_SET'; readonly ruleSet: RuleSetVersion; readonly isNew: boolean }
  | { readonly kind: 'REWARD'; readonly reward: Reward; readonly isNew: boolean };

/** A change to be stored: the object, the line of the audit and the event all come from it. */
export interface Change {
  readonly verb: ChangeVerb;
  readonly changed: Changed;
  readonly copiedFromVersion?: number | undefined;
  readonly fields: readonly FieldChange[];
  readonly revision: bigint;
  readonly time: Instant;
  readonly author: Author;
}

/** Values longer than this are cut in the audit; the objects themselves are kept whole. */
const valueLengthMax = 2_000;
/** How many characters are shown before the first difference of values that have to be cut. */
const sameLengthMax = 500;

/**
 * The fields in which two records differ, in the order of their names.
 *
 * @param before undefined for a new object
 */
export function differences(
  before: Readonly<Record<string, unknown>> | undefined,
  after: Readonly<Record<string, unknown>>,
): FieldChange[] {
  const [old, now] = [byRule(before, after), byRule(after, before)];
  const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
  return fields
    .map((field) => ({ field, before: text(old[field]), after: text(now[field]) }))
    .filter((change) => change.before !== change.after)
    .map(cut);
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields, with each earn rule as one of its own, so that a change of one among a hundred is seen, and with the order
 * of those rules that the other record has, too.
 */
function byRule(record: Fields | undefined, other: Fields | undefined): Fields {
  const rules = rulesOf(record);
  const others = new Set(rulesOf(other).map(({ ruleId }) => ruleId));
  const order = rules.map(({ ruleId }) => ruleId).filter((ruleId) => others.has(ruleId));
  return {
    ...record,
    ...Object.fromEntries(rules.map((rule) => [`earnRules[${rule.ruleId}]`, rule])),
    earnRules: order,
  };
}

function rulesOf(record: Fields | undefined): readonly { readonly ruleId: string }[] {
  return (record?.['earnRules'] ?? []) as readonly { readonly ruleId: string }[];
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

function cut({ field, before, after }: FieldChange): FieldChange {
  const length = Math.min(before.length, after.length);
  let same = 0;
  while (same < length && before[same] === after[same]) same += 1;
  return { field, before: cutAround(before, same), after: cutAround(after, same) };
}

function cutAround(value: string, place: number): string {
  if (value.length <= valueLengthMax) return value;
  const start = place > valueLengthMax - sameLengthMax ? place - sameLengthMax : 0;
  const head = start > 0 ? '…' : '';
  const end = start + valueLengthMax - head.length;
  const shown = value.slice(start, end < value.length ? end - 1 : end);
  // Half of a surrogate pair at a cut could not be stored.
  return `${head}${shown.toWellFormed()}${end < value.length ? '…' : ''}`;
}
