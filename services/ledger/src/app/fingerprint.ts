import { createHash } from 'node:crypto';

const version = 2;

/**
 * What must be the same for a repeat of a key to be one, as a version byte and a SHA-256. The version rises when
 * content is written in another way.
 */
export function fingerprintOf(content: readonly (string | number | boolean | null)[]): Uint8Array {
  const digest = createHash('sha256').update(JSON.stringify(content)).digest();
  return Buffer.concat([Buffer.of(version), digest]);
}

export function sameFingerprint(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}
