import type { Message } from '@bufbuild/protobuf';
import type { FieldViolation } from './call-failure.ts';
import { ValidationFailed } from './errors.ts';

/**
 * Refuses half characters, such as `slice` leaves of an emoji. Encoding would replace them, and so make one id of two.
 *
 * @throws {ValidationFailed} naming every field that has one
 */
export function requireWholeTexts(request: Message): void {
  if (isWhole(request)) return;
  const violations: FieldViolation[] = [];
  findBroken(request, '', violations);
  const message = violations.map(({ field, message: what }) => `${field} ${what}`).join('; ');
  throw new ValidationFailed(message, { violations, attempts: 0 });
}

/** Without a word on where: only what is broken pays for that. */
function isWhole(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return true;
  if (Array.isArray(value)) return value.every(isWhole);
  const members = value as Readonly<Record<string, unknown>>;
  return Object.keys(members).every((key) => key.isWellFormed() && isWhole(members[key]));
}

function findBroken(value: unknown, path: string, violations: FieldViolation[]): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) violations.push({ field: path, message: problem });
    return;
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) findBroken(item, `${path}[${index}]`, violations);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    if (!key.isWellFormed())
      violations.push({
        field: path,
        message: 'has a key with half of a character (an unpaired surrogate)',
      });
    findBroken(member, path === '' ? key : `${path}.${key}`, violations);
  }
}

const problem = 'must not contain half of a character (an unpaired surrogate)';
