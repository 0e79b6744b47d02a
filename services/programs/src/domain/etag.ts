import { EtagMismatch } from './errors.ts';

/**
 * Refuses a change when what the caller read before isn't what is there now. Each condition is an etag as it was
 * answered, or the value of an If-Match header: quoted, weak, a list, or `*`. Empty conditions ask for nothing.
 *
 * @throws {EtagMismatch}
 */
export function requireEtag(present: string, conditions: readonly string[]): void {
  for (const condition of conditions) {
    if (condition === '') continue;
    const accepted = condition.split(',').map(withoutDecoration);
    if (accepted.includes('*') || accepted.includes(present)) continue;
    throw new EtagMismatch(present);
  }
}

function withoutDecoration(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}
