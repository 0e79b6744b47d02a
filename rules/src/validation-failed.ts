import { DomainError } from './domain-error.ts';
import type { Violation } from './language.ts';

/** Thrown when fields are well-formed one by one but wrong in what they mean. */
export class ValidationFailed extends DomainError {
  readonly reason = 'VALIDATION_FAILED';
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super(
      violations
        .map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
        .join('; '),
    );
    this.violations = violations;
  }
}
