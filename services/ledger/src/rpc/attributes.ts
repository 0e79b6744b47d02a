import type { Attributes } from '../domain/attributes.ts';
import { requireText } from './text.ts';

/**
 * Checks a member's attributes for what the database can't hold.
 *
 * @param path names them in errors
 * @throws {InvalidCommand}
 */
export function requireStorable(attributes: Attributes, path: string): void {
  for (const [key, value] of Object.entries(attributes)) {
    requireText({ [path]: key, [`${path}[${JSON.stringify(key)}]`]: value });
  }
}
