import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** The random text that a file keeps, for its owner only; made where there is none. It has no need of being quoted. */
export function keptSecret(file: string): string {
  const present = readKept(file);
  if (present !== undefined) return present;
  // NATS would read a password that begins with a digit as a number.
  const created = `k${randomBytes(32).toString('base64url')}`;
  // Renamed into place, so that no half of it is ever taken for the whole.
  writeFileSync(`${file}.new`, created, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return created;
}

/** A password of its own for each name, the same as long as the secret is. Derived, so that nothing else has to be kept. */
export function derivedSecret(secret: string, name: string): string {
  return `k${createHmac('sha256', secret).update(name).digest('base64url')}`;
}

/** Undefined where the file keeps none. */
export function readKept(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8') || undefined;
  } catch {
    return undefined;
  }
}
