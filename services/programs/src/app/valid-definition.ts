import type { RuleSet } from '@loyalty/rules/language.ts';
import { validateRuleSet } from '@loyalty/rules/validate-rule-set.ts';
import { ValidationFailed } from '../domain/errors.ts';

/**
 * Checks what a definition means: expressions, currencies, ids, bounds between fields.
 *
 * @throws {ValidationFailed} with paths below `rule_set`
 */
export function requireValidDefinition(definition: RuleSet): void {
  const violations = validateRuleSet(definition).map(({ field, message }) => ({
    field: `rule_set.${field}`,
    message,
  }));
  if (violations.length > 0) throw new ValidationFailed(violations);
}
