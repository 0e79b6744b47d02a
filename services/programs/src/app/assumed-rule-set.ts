import type { Violation } from '@loyalty/rules/language.ts';
import { timeZoneNamed } from '@loyalty/rules/time-zone-name.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import type { RuleSetState } from '../domain/rule-set.ts';

/** What a caller believes of that which only the server decides; undefined where nothing was said. */
export interface AssumedRuleSet {
  readonly version: number | undefined;
  readonly state: RuleSetState | undefined;
  readonly timeZone: string | undefined;
}

/**
 * Checks that a caller is right about a draft: who sends something else wants to change what can't be changed this way.
 *
 * @throws {ValidationFailed} with paths below `rule_set`
 */
export function requireAssumed(
  assumed: AssumedRuleSet,
  draft: { version: number; programTimeZone: string },
): void {
  const violations: Violation[] = [];
  if (assumed.version !== undefined && assumed.version !== draft.version) {
    violations.push({
      field: 'rule_set.version',
      message: `is set by the server and is ${draft.version}; leave it out`,
    });
  }
  if (assumed.state !== undefined && assumed.state !== 'DRAFT') {
    violations.push({
      field: 'rule_set.state',
      message: 'is set by the server; publish or withdraw the rule set instead',
    });
  }
  const { timeZone } = assumed;
  if (timeZone !== undefined && timeZoneNamed(timeZone) !== draft.programTimeZone) {
    violations.push({
      field: 'rule_set.time_zone',
      message: `is the program's, ${draft.programTimeZone}; change the program's before publishing`,
    });
  }
  if (violations.length > 0) throw new ValidationFailed(violations);
}
