import type { RuleSet, Violation } from '@loyalty/rules/language.ts';
import { validateRuleSet } from '@loyalty/rules/validate-rule-set.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { definitionBytesMax } from '../domain/rule-set.ts';
import type { App } from './app.ts';

/**
 * Checks what a definition means (expressions, currencies, ids, bounds between fields) and that it isn't too large.
 *
 * @throws {ValidationFailed} with paths below `rule_set`
 */
export function requireValidDefinition({ definitions }: App, definition: RuleSet): void {
  const bytes = Buffer.byteLength(JSON.stringify(definitions.ruleSet.toJson(definition)));
  // What is too large isn't looked into: that could take long.
  const violations: Violation[] =
    bytes > definitionBytesMax
      ? [
          {
            field: 'rule_set',
            message: `takes ${bytes} bytes, more than ${definitionBytesMax}; use fewer or shorter rules`,
          },
        ]
      : validateRuleSet(definition).map((violation) => ({
          ...violation,
          field: `rule_set.${violation.field}`,
        }));
  if (violations.length > 0) throw new ValidationFailed(violations);
}
