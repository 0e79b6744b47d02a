import type { Message } from '@bufbuild/protobuf';
import type { FieldViolation } from './call-failure.ts';
import { ValidationFailed } from './errors.ts';

/**
 * Refuses half characters, such as `slice` leaves of an emoji. Encoding would replace them, and so make one id of two.
 *
 * @throws {ValidationFailed} naming every field that has one
 */
export function requireWholeTexts(request: Message): void {
  const violations: FieldViolation[] = [];
  findBroken(request, '', violations);
  if (violations.length === 0) return;
  const message = violations.map(({ field, message: what }) => `${field} ${what}`).join('; ');
  throw new ValidationFailed(message, { violations, attempts: 0 });
}

function findBroken(value: unknown, path: string, violations: FieldViolation[]): void {
  if (typeof value === 'string') {
    if (isBroken(value)) violations.push({ field: path, message: problem });
    return;
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) findBroken(item, `${path}[${index}]`, violations);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    if (isBroken(key))
      violations.push({
        field: path,
        message: 'has a key with half of a character (an unpaired surrogate)',
      });
    findBroken(member, path === '' ? key : `${path}.${key}`, violations);
  }
}

const problem = 'must not contain half of a character (an unpaired surrogate)';

function isBroken(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
