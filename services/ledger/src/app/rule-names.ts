/** A version of a program's rules. */
export interface RuleSetName {
  readonly programId: string;
  readonly ruleSetVersion: number;
}

export function isSameRuleSet(one: RuleSetName, other: RuleSetName | undefined): boolean {
  return one.ruleSetVersion === other?.ruleSetVersion && one.programId === other.programId;
}

/** How the rules of a version are called, by rule id. */
export type RuleNames = ReadonlyMap<string, string>;

/** A version's names, as they are stored by the first who credits points by it. */
export interface NamedRuleSet extends RuleSetName {
  readonly names: RuleNames;
}

/** The names of a version; undefined where none are stored. */
export type FindRuleNames = (ruleSet: RuleSetName) => RuleNames | undefined;
