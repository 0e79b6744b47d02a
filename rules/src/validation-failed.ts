import { DomainError } from './domain-error.ts';
import type { Violation } from './language.ts';

/** Thrown when fields are well-formed one by one but wrong in what they mean. */
export class ValidationFailed extends DomainError {
  readonly reason = 'VALIDATION_FAILED';
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super(violations.map(sentenceOf).join('; '));
    this.violations = violations;
  }
}

/** One of the whole request names no field. */
function sentenceOf({ field, message }: Violation): string {
  return field === '' ? message.charAt(0).toUpperCase() + message.slice(1) : `${field}: ${message}`;
}
