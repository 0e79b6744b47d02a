import { ValidationFailed } from '../errors.ts';

/**
 * A field that the contract's validation has found present already.
 *
 * @throws {ValidationFailed}
 */
export function required<Value>(value: Value | undefined, field: string): Value {
  if (value === undefined) throw new ValidationFailed([{ field, message: 'must be set' }]);
  return value;
}

/**
 * Checks that the id within a body, if there is one, is the one that the request is about.
 *
 * @throws {ValidationFailed}
 */
export function requireSameId(
  field: string,
  { inBody, inPath }: { inBody: string; inPath: string },
): void {
  if (inBody === '' || inBody === inPath) return;
  throw new ValidationFailed([{ field, message: `can't change; it is ${inPath}` }]);
}
