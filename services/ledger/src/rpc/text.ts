import { InvalidCommand } from '../domain/errors.ts';

/**
 * Checks texts, by the fields that they are in, for what protobuf allows and the database can't hold.
 *
 * @throws {InvalidCommand} naming every field at fault
 */
export function requireText(texts: Readonly<Record<string, string>>): void {
  const violations = Object.entries(texts)
    .filter(([, text]) => text.includes('\0'))
    .map(([field]) => ({ field, message: 'must be text without NUL characters' }));
  if (violations.length > 0) throw new InvalidCommand(violations);
}
