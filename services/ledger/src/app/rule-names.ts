/** A version of a program's rules. */
export interface RuleSetName {
  readonly programId: string;
  readonly ruleSetVersion: number;
}

export function isSameRuleSet(one: RuleSetName, other: RuleSetName | undefined): boolean {
  return one.ruleSetVersion === other?.ruleSetVersion && one.programId === other.programId;
}

/** The names of a version's rules, by rule id. */
export type RuleNames = ReadonlyMap<string, string>;

/** A version's names, stored with the first earn that is credited by it. */
export interface NamedRuleSet extends RuleSetName {
  readonly names: RuleNames;
}

/** The names of a version; undefined where none are stored. */
export type FindRuleNames = (ruleSet: RuleSetName) => RuleNames | undefined;
